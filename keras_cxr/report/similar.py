"""A film and those most like it, side by side."""

import dataclasses
import os
from collections.abc import Sequence

import numpy as np

from keras_cxr.report.style import COLORS, MUTED, png

COLUMNS = 4


@dataclasses.dataclass(frozen=True)
class SimilarFilm:
    """A film of the picture.

    Attributes:
        gray: uint8 (H, W).
        name: Its file's.
        label: Its class.
        distance: From the film asked for; None for that film itself.
    """

    gray: np.ndarray
    name: str
    label: str
    distance: float | None = None


def similar_figure(films: Sequence[SimilarFilm], path: str | os.PathLike) -> None:
    """Write as PNG: the film asked for, large on the left, and the others beside it, four a row, the nearest first.

    Args:
        films: The film asked for, then one or more others.
        path: The PNG file.
    """
    query, *others = films
    columns = min(COLUMNS, len(others))
    rows = -(-len(others) // columns)
    large = min(2, rows)
    with png(path, 2.1 * (large + columns) + 0.4, 2.55 * rows + 0.1) as figure:
        grid = figure.add_gridspec(rows, large + columns)
        axes = figure.add_subplot(grid[:large, :large])
        _show(axes, query, 10)
        for spine in axes.spines.values():
            spine.set(visible=True, color=COLORS[1], linewidth=2.5)
        for place, film in enumerate(others):
            axes = figure.add_subplot(grid[place // columns, large + place % columns])
            _show(axes, film, 8.5)
            axes.spines[:].set_visible(False)


def _show(axes, film: SimilarFilm, size: float) -> None:
    axes.imshow(film.gray, cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    far = "" if film.distance is None else f"  {film.distance:.2f}"
    axes.set_title(_short(film.label + far, 30), fontsize=size, loc="left", pad=3)
    axes.set_xlabel(_short(film.name, 28), fontsize=size - 2.5, color=MUTED, labelpad=2)


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"

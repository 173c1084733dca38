"""The figures of an audit: gray levels and sizes by class, and films with the same picture side by side."""

import contextlib
import dataclasses
import os
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from keras_cxr.files import whole_file
from keras_cxr.report.embedding import MARKERS
from keras_cxr.report.style import COLORS, MUTED, line_style, png

MOST_CLASSES = 12
_COLUMNS = 4


@dataclasses.dataclass(frozen=True)
class Pair:
    """Two films with the same picture.

    Attributes:
        gray: Both films, uint8 (H, W).
        names, labels: Of both.
        kind: 'identical' or 'near'.
        similarity: 0 to 1.
    """

    gray: tuple[np.ndarray, np.ndarray]
    names: tuple[str, str]
    labels: tuple[str, str]
    kind: str
    similarity: float


@contextlib.contextmanager
def _png_and_svg(path: str | os.PathLike, width: float, height: float) -> Iterator[Figure]:
    with png(path, width, height) as figure:
        yield figure
        with whole_file(pathlib.Path(path).with_suffix(".svg")) as temporary:
            figure.savefig(temporary)


def gray_levels_figure(levels: dict[str, np.ndarray], path: str | os.PathLike) -> None:
    """Write the distribution of the gray levels of each class as PNG and, beside it, SVG.

    Args:
        levels: Class → mean share of a film's pixels in each bin of gray levels, (bins,), 0 (black) to 255.
        path: The PNG file.
    """
    with _png_and_svg(path, 6.4, 4.4) as figure:
        axes = figure.add_subplot()
        for index, (name, shares) in enumerate(list(levels.items())[:MOST_CLASSES]):
            centres = (np.arange(len(shares)) + 0.5) * 256 / len(shares)
            axes.plot(centres, 100 * shares, label=name, **line_style(index))
        axes.set(xlabel="Gray level (0 black)", ylabel="Share of the pixels (%)", title="Gray levels by class")
        axes.set(xlim=(0, 256), ylim=(0, None))
        axes.grid(True)
        axes.legend()


def sizes_figure(width: pd.Series, height: pd.Series, label: pd.Series, path: str | os.PathLike) -> None:
    """Write each film as a point, its width and its height in pixels, coloured by class, as PNG and SVG.

    Args:
        width, height: In pixels, (films,).
        label: The class of each film.
        path: The PNG file.
    """
    # Films of one size are one point: its area grows with their number.
    points = pd.DataFrame({"width": width, "height": height, "label": label}).value_counts().reset_index(name="films")
    with _png_and_svg(path, 6.4, 5.0) as figure:
        axes = figure.add_subplot()
        for index, name in enumerate(sorted(label.unique())[:MOST_CLASSES]):
            own = points[points["label"] == name]
            look = {"color": COLORS[index % len(COLORS)], "marker": MARKERS[index % len(MARKERS)]}
            area = 12 * np.sqrt(own["films"])
            axes.scatter(own["width"], own["height"], s=area, alpha=0.5, linewidths=0, rasterized=True, **look)
            axes.scatter([], [], s=28, linewidths=0, label=f"{name} ({own['films'].sum():,})", **look)
        axes.set(xlabel="Width (pixels)", ylabel="Height (pixels)", title="Sizes of the films by class")
        axes.grid(True)
        axes.legend()


def duplicates_figure(pairs: Sequence[Pair], whole: int, path: str | os.PathLike) -> None:
    """Write pairs of films with the same picture side by side, four pairs a row, as PNG and SVG.

    Args:
        pairs: One or more.
        whole: How many there are in all.
        path: The PNG file.
    """
    columns = min(_COLUMNS, len(pairs))
    rows = -(-len(pairs) // columns)
    with _png_and_svg(path, 3.3 * columns + 0.3, 1.95 * rows + 0.5) as figure:
        cells = figure.subplots(rows, 2 * columns, squeeze=False)
        for axes in cells.ravel():
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        for place, pair in enumerate(pairs):
            row, column = place // columns, 2 * (place % columns)
            for side in (0, 1):
                axes = cells[row, column + side]
                axes.imshow(pair.gray[side], cmap="gray", vmin=0, vmax=255)
                axes.set_xlabel(_end(pair.names[side], 26), fontsize=6, color=MUTED, labelpad=2)
                differ = pair.labels[0] != pair.labels[1]
                axes.set_title(_end(pair.labels[side], 16), fontsize=8, pad=3, color=COLORS[1] if differ else "black")
            cells[row, column].set_ylabel(f"{pair.kind} {pair.similarity:.3f}", fontsize=7)
        shown = f"{len(pairs)} of {whole}" if whole > len(pairs) else f"{whole}"
        figure.suptitle(f"Pairs of films with the same picture ({shown})", fontsize=11, x=0.01, ha="left")


def _end(text: str, length: int) -> str:
    """The end of a text, which tells films apart."""
    return text if len(text) <= length else "…" + text[1 - length :]

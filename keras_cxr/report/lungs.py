"""Pictures of lung masks: a contact sheet of films with outlines, and the curves of a training."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

import cv2
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from keras_cxr.report.style import png

# In the order in which the outlines are named; both bright enough for a film, and told apart by the colour-blind.
OUTLINES = ("#56B4E9", "#E69F00", "#F0E442", "#CC79A7")
COLUMNS = 6
CELL = 320


@dataclasses.dataclass(frozen=True)
class OutlinedFilm:
    """A film of a contact sheet.

    Attributes:
        gray: uint8 (H, W).
        outlines: Name → mask (H, W), anything but zero is inside; the same names in the same order for every film.
        caption: One or two short lines.
    """

    gray: np.ndarray
    outlines: dict[str, np.ndarray]
    caption: str


def contact_sheet(films: Sequence[OutlinedFilm], path: str | os.PathLike, title: str = "") -> None:
    """Write films with their masks' outlines as PNG, six a row, with a legend where there are several outlines.

    Args:
        films: At least one; any sizes, each shown at up to 320 pixels a side.
        path: The PNG file.
        title: Above all.
    """
    columns = min(COLUMNS, len(films))
    rows = -(-len(films) // columns)
    with png(path, 2.2 * columns, 2.6 * rows + 0.6) as figure:
        cells = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in cells:
            axes.set_axis_off()
        for axes, film in zip(cells, films, strict=False):
            axes.imshow(_outlined(film))
            axes.set_title(_short(film.caption), fontsize=6.5)
        figure.suptitle(title, fontsize=11)
        names = list(films[0].outlines)
        lines = [Line2D([], [], color=OUTLINES[index]) for index in range(len(names))]
        if len(names) > 1:
            figure.legend(lines, names, loc="outside lower center", ncols=len(names))


def _outlined(film: OutlinedFilm) -> np.ndarray:
    """RGB uint8 of the film at the sheet's size, outlines drawn one pixel wide."""
    scale = CELL / max(film.gray.shape)
    size = tuple(max(1, round(side * scale)) for side in film.gray.shape[::-1])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    picture = cv2.cvtColor(cv2.resize(film.gray, size, interpolation=how), cv2.COLOR_GRAY2RGB)
    for index, mask in enumerate(film.outlines.values()):
        small = cv2.resize((np.asarray(mask) > 0).astype(np.float32), size, interpolation=how) >= 0.5
        lines, _ = cv2.findContours(small.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        colour = tuple(int(OUTLINES[index][start : start + 2], 16) for start in (1, 3, 5))
        cv2.drawContours(picture, lines, -1, colour, 1)
    return picture


def _short(caption: str) -> str:
    lines = caption.split("\n")
    return "\n".join(line if len(line) <= 36 else f"{line[:20]}…{line[-15:]}" for line in lines).replace("$", r"\$")


def lung_learning_curves(history: pd.DataFrame, path: str | os.PathLike, best_epoch: int) -> None:
    """Write loss and validation Dice by epoch as PNG, the kept epoch marked.

    Args:
        history: One row an epoch: ``epoch``, ``loss``, ``val_dice``.
        path: The PNG file.
        best_epoch: Value of ``epoch`` whose weights were kept.
    """
    panels = [("loss", "Training loss (Dice + cross-entropy)", "#0072B2"), ("val_dice", "Validation Dice", "#D55E00")]
    with png(pathlib.Path(path), 6.8, 5.0) as figure:
        rows = figure.subplots(2, 1, sharex=True)
        for axes, (column, title, colour) in zip(rows, panels, strict=True):
            axes.plot(history["epoch"], history[column], color=colour, marker="o", markersize=3.5)
            axes.axvline(best_epoch, color="#009E73", linewidth=1.4, zorder=1, label=f"best epoch ({best_epoch})")
            axes.set_title(title)
            axes.grid(True)
        rows[0].legend(loc="upper right")
        rows[-1].set_xlabel("Epoch")
        rows[-1].xaxis.set_major_locator(MaxNLocator(integer=True))

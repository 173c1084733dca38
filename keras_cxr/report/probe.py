"""Films in the views of the shortcut probe, and the score of each view."""

import os
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd

from keras_cxr.report.style import COLORS, MUTED, png


def view_examples(examples: Sequence, views: Sequence[str], path: str | os.PathLike) -> None:
    """Write films as PNG, one a row, each in every view with the probability of its true class.

    Args:
        examples: Each with ``label``, ``views`` (name → (size, size) uint8) and ``probability`` (name → 0 to 1).
        views: Names, in the order to draw; a film need not have each.
        path: The PNG file.
    """
    with png(path, 1.9 * len(views) + 0.3, 2.25 * len(examples) + 0.3) as figure:
        cells = figure.subplots(len(examples), len(views), squeeze=False)
        for number, (row, film) in enumerate(zip(cells, examples, strict=True)):
            for axes, name in zip(row, views, strict=True):
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if not number:
                    axes.set_title(name, fontsize=10)
                if name in film.views:
                    axes.imshow(film.views[name], cmap="gray", vmin=0, vmax=255)
                    axes.set_xlabel(f"p = {film.probability[name]:.2f}", fontsize=8.5)
                else:
                    axes.text(0.5, 0.5, "no lung mask", ha="center", color=MUTED, transform=axes.transAxes)
            row[0].set_ylabel(textwrap.fill(film.label, 18), fontsize=9)


def probe_figure(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write the score of each view with its interval as PNG, and a dotted line at chance.

    Args:
        table: ``view, metric, value, low, high, n, flag`` of one model on one data set, the whole film first.
        path: The PNG file.
    """
    with png(path, 6.4, 1.3 + 0.42 * len(table)) as figure:
        axes = figure.add_subplot()
        axes.axvline(0.5, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        for place, row in enumerate(table.itertuples()):
            color = COLORS[1] if row.flag else COLORS[0] if place else COLORS[6]
            axes.plot([row.low, row.high], [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
            axes.plot([row.value], [place], color=color, marker="s", markersize=6)
            text = f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})  {row.flag}"
            where = {"xycoords": axes.get_yaxis_transform(), "ha": "left", "va": "center", "fontsize": 8.5}
            where["annotation_clip"] = False
            axes.annotate(text if np.isfinite(row.value) else "undefined", (1.02, place), **where)
        axes.set_yticks(range(len(table)), [f"{row.view} ({row.n:,})" for row in table.itertuples()])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(min(0.4, axes.get_xlim()[0]), 1.01)
        axes.set_title(f"{table['metric'].iloc[0]} by view (95 % interval)")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(True, axis="x")

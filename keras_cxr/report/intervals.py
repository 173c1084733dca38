"""What forest plots draw: a square with its interval a row."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from keras_cxr.report.style import MUTED


def draw_intervals(
    axes: Axes, rows: pd.DataFrame, colors: list[str], texts: list[str], dotted: float, hollow: list[bool] | None = None
) -> None:
    """Draw values with their intervals, the first row on top, and the text of each to the right of the axes.

    Args:
        axes: Where; the ticks' names and the x limits are the caller's.
        rows: ``value, low, high``; what is NaN is not drawn.
        colors: A row each.
        texts: A row each.
        dotted: Where a dotted line marks what the rows are held against; NaN: no line.
        hollow: A row each, whether its square is hollow; None: none is.
    """
    if np.isfinite(dotted):
        axes.axvline(dotted, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
    hollow = hollow or [False] * len(rows)
    for place, (row, color, text, empty) in enumerate(zip(rows.itertuples(), colors, texts, hollow, strict=True)):
        if np.isfinite([row.low, row.high]).all():
            axes.plot([row.low, row.high], [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
        if np.isfinite(row.value):
            face = "white" if empty else color
            axes.plot([row.value], [place], color=color, marker="s", markersize=6, markerfacecolor=face)
        where = {"xycoords": axes.get_yaxis_transform(), "ha": "left", "va": "center", "fontsize": 8.5}
        axes.annotate(text, (1.02, place), annotation_clip=False, **where)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(True, axis="x")

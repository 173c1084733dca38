"""The figure of the subgroups: a score with its interval a group, the whole data set on top."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from keras_cxr.report.style import COLORS, MUTED, png

_PANELS = ("AUROC", "sensitivity", "specificity"), ("macro AUROC", "accuracy")


def forest_figure(scores: pd.DataFrame, subgroups: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a forest plot as PNG: AUROC, sensitivity and specificity, of many classes macro AUROC and accuracy.

    Args:
        scores: Scores table of one data set; its values are drawn on top and as a dotted line.
        subgroups: ``column, group, metric, value, low, high, n, note`` of the same data set, in the order to draw;
            where ``note`` says that a group is too small, its value has no interval and is drawn hollow.
        path: The PNG file.
    """
    metrics = next(names for names in _PANELS if (scores["metric"] == names[0]).any())
    keys = list(dict.fromkeys(zip(subgroups["column"], subgroups["group"], strict=True)))
    rows = pd.concat([scores.assign(column="", group="all films", note=""), subgroups], ignore_index=True)
    keys = [("", "all films"), *keys]
    with png(path, 1.2 + 3.9 * len(metrics), 1.2 + 0.36 * len(keys)) as figure:
        panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            own = rows[rows["metric"] == metric].set_index(["column", "group"]).loc[keys]
            _draw(axes, own)
            axes.set_title(f"{metric} (95 % interval)")
        names = [f"{column}: {group}" if column else group for column, group in keys]
        films = rows[rows["metric"] == metrics[0]].set_index(["column", "group"])["n"].loc[keys]
        panels[0].set_yticks(
            range(len(keys)), [f"{name} ({count:,})" for name, count in zip(names, films, strict=True)]
        )
        panels[0].set_ylim(len(keys) - 0.4, -0.6)


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    whole = rows["value"].iloc[0]
    if np.isfinite(whole):
        axes.axvline(whole, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
    for place, row in enumerate(rows.itertuples()):
        color = COLORS[0] if place else COLORS[6]
        if np.isfinite([row.low, row.high]).all():
            axes.plot([row.low, row.high], [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
        if np.isfinite(row.value):
            face = "white" if row.note else color
            axes.plot([row.value], [place], color=color, marker="s", markersize=6, markerfacecolor=face)
        where = {"xycoords": axes.get_yaxis_transform(), "ha": "left", "va": "center", "fontsize": 8.5}
        axes.annotate(_text(row), (1.02, place), annotation_clip=False, **where)
    axes.set_xlim(min(0.5, axes.get_xlim()[0]), 1.01)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(True, axis="x")


def _text(row) -> str:
    if row.note:
        return "too small"
    if not np.isfinite(row.value):
        return "undefined"
    return f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})"

"""The figure of calibration: how often films of a predicted probability are what they are said to be."""

import os

import numpy as np
import pandas as pd

from keras_cxr.report.style import COLORS, MUTED, line_style, png

MARKERS = ["o", "s", "^", "D", "v", "P", "X"]


def calibration_figure(curves: dict[str, pd.DataFrame], path: str | os.PathLike) -> None:
    """Write calibration curves with 95 % intervals, and below them how many films lie in each bin.

    Args:
        curves: Name → table with ``predicted``, ``observed``, ``low``, ``high`` (0 to 1), ``from``, ``to`` and
            ``films``, one row a bin.
        path: The PNG or SVG file.
    """
    with png(path, 5.4, 6.4 + 0.24 * (len(curves) > 1) * len(curves)) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[4.2, 1])
        above.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        for index, (name, curve) in enumerate(curves.items()):
            look = {**line_style(index), "marker": MARKERS[index % len(MARKERS)], "markersize": 5, "clip_on": False}
            above.plot(curve["predicted"], curve["observed"], label=name, **look)
            above.vlines(curve["predicted"], curve["low"], curve["high"], color=look["color"], linewidth=1.2)
        above.set(xlim=(0, 1), ylim=(0, 1), ylabel="Observed share", title="Calibration (95 % intervals)")
        above.grid(True)
        _counts(below, curves)
        below.set(xlabel="Predicted probability", ylabel="Films")
        if len(curves) > 1:
            handles, names = above.get_legend_handles_labels()
            figure.legend(handles, names, loc="outside lower center", ncols=1, handlelength=3.2, alignment="left")


def _counts(axes, curves: dict[str, pd.DataFrame]) -> None:
    most = max(curve["films"].max() for curve in curves.values())
    for index, curve in enumerate(curves.values()):
        share = (curve["to"] - curve["from"]) / len(curves)
        left = curve["from"] + index * share
        axes.bar(left + share / 2, curve["films"], 0.86 * share, color=COLORS[index % len(COLORS)], linewidth=0)
    if most > 200:
        axes.set_yscale("log")
        axes.set_ylim(0.7, 2 * most)
    else:
        axes.set_ylim(0, 1.1 * most)
        axes.set_yticks(np.unique([0, int(most)]))

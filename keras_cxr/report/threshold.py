"""The figures of a choice of threshold: what each would give, and what it would be worth."""

import math
import os

import pandas as pd

from keras_cxr.report.style import COLORS, MUTED, line_style, png


def threshold_figure(points: pd.DataFrame, path: str | os.PathLike, threshold: float | None = None) -> None:
    """Write sensitivity, specificity and PPV against the threshold.

    Args:
        points: ``threshold``, rising from 0 to 1, ``sensitivity``, ``specificity`` and ``PPV``, 0 to 1 or NaN.
        path: The PNG or SVG file.
        threshold: The one in use, marked; None or NaN: none.
    """
    with png(path, 5.4, 5.6) as figure:
        axes = figure.add_subplot()
        for index, name in enumerate(("sensitivity", "specificity", "PPV")):
            look = {"drawstyle": "steps-pre", "clip_on": False, **line_style(index)}
            axes.plot(points["threshold"], points[name], label=name, **look)
        _mark(axes, threshold)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="Threshold", ylabel="Score", title="Scores against the threshold")
        axes.grid(True)
        figure.legend(loc="outside lower center", ncols=2, handlelength=3.2)


def net_benefit_figure(points: pd.DataFrame, path: str | os.PathLike, threshold: float | None = None) -> None:
    """Write the decision curve: net benefit of the model, of calling every film positive, and of none.

    Args:
        points: ``threshold``, ``model`` and ``all positive``, as ``evaluation.curves.net_benefit`` gives them.
        path: The PNG or SVG file.
        threshold: The one in use, marked; None or NaN: none.
    """
    most = max(points["model"].max(), points["all positive"].max(), 0.01)
    with png(path, 5.4, 5.6) as figure:
        axes = figure.add_subplot()
        axes.axhline(0, color=MUTED, linewidth=1.2, label="no film positive")
        axes.plot(points["threshold"], points["all positive"], label="every film positive", **line_style(1))
        axes.plot(points["threshold"], points["model"], label="model", **line_style(0))
        _mark(axes, threshold)
        axes.set(xlim=(0, 1), ylim=(-0.25 * most, 1.08 * most))
        axes.set(xlabel="Threshold", ylabel="Net benefit (true positives a film)", title="Decision curve")
        axes.grid(True)
        figure.legend(loc="outside lower center", ncols=2, handlelength=3.2)


def _mark(axes, threshold: float | None) -> None:
    if threshold is not None and not math.isnan(threshold):
        look = {"color": COLORS[3], "linewidth": 1.6, "linestyle": (0, (1, 1.2))}
        axes.axvline(threshold, label=f"in use ({threshold:.3f})", **look)

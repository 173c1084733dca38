"""The figure of a comparison: scores of every model with intervals, and their differences against one of them."""

import os
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from keras_cxr.report.style import COLORS, MUTED, png

_PANELS = ("AUROC", "macro AUROC", "accuracy")


def comparison_figure(scores: pd.DataFrame, differences: pd.DataFrame, reference: str, path: str | os.PathLike) -> None:
    """Write a forest plot: (macro) AUROC and accuracy by model, and below the differences against the reference.

    Args:
        scores: Scores table of one data set, models in the order to draw them.
        differences: Table with ``model, metric, difference, low, high, p``.
        reference: The model that the others are held against.
        path: The PNG or SVG file.
    """
    metrics = [name for name in _PANELS if (scores["metric"] == name).any()]
    models = list(dict.fromkeys(scores["model"]))
    others = [name for name in models if name != reference]
    heights = [len(models) + 0.7, len(others) + 0.7]
    with png(path, 5.6 * len(metrics), 2.0 + 0.42 * sum(heights)) as figure:
        panels = figure.subplots(2, len(metrics), height_ratios=heights, sharey="row", squeeze=False)
        for column, metric in enumerate(metrics):
            above, below = panels[:, column]
            part = scores[scores["metric"] == metric].set_index("model").loc[models]
            colors = [COLORS[1] if name == reference else COLORS[0] for name in models]
            texts = [_interval(row.value, row.low, row.high, "{:.3f}") for row in part.itertuples()]
            names = [f"{name} (reference)" if name == reference else name for name in models]
            _forest(above, part["value"], part["low"], part["high"], names, colors, texts)
            above.set_title(f"{metric[:1].upper()}{metric[1:]} (95 % interval)")
            part = differences[differences["metric"] == metric].set_index("model").loc[others]
            texts = [
                f"{_interval(row.difference, row.low, row.high, '{:+.3f}')}\n{p_text(row.p)}"
                for row in part.itertuples()
            ]
            below.axvline(0, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
            _forest(below, part["difference"], part["low"], part["high"], others, [COLORS[0]] * len(others), texts)
            below.set_title(textwrap.fill(f"Difference in {metric} against {reference}", 42))


def p_text(p: float) -> str:
    """A p-value as it is written in a report."""
    if np.isnan(p):
        return "p undefined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _forest(axes: Axes, values, low, high, names: list[str], colors: list[str], texts: list[str]) -> None:
    rows = np.arange(len(names))
    for row, value, left, right, color in zip(rows, values, low, high, colors, strict=True):
        axes.plot([left, right], [row, row], color=color, linewidth=1.8, solid_capstyle="butt")
        axes.plot([value], [row], color=color, marker="s", markersize=6)
    for row, text in zip(rows, texts, strict=True):
        place = {"xycoords": axes.get_yaxis_transform(), "ha": "left", "va": "center", "fontsize": 8.5}
        axes.annotate(text, (1.02, row), annotation_clip=False, **place)
    axes.set_yticks(rows, [textwrap.fill(name, 26, break_on_hyphens=True) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.margins(x=0.08)
    axes.grid(True, axis="x")


def _interval(value: float, low: float, high: float, form: str) -> str:
    if np.isnan(value):
        return "undefined"
    return f"{form} ({form} to {form})".format(value, low, high).replace("-", "−")

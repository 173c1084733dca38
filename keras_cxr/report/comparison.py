"""The figure of a comparison: scores of every model with intervals, and their differences against one of them."""

import os
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from keras_cxr.report.intervals import draw_intervals
from keras_cxr.report.style import COLORS, png

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
            draw_intervals(above, part, colors, texts, dotted=np.nan)
            _name_rows(above, names)
            above.set_title(f"{metric[:1].upper()}{metric[1:]} (95 % interval)")
            part = differences[differences["metric"] == metric].set_index("model").loc[others]
            texts = [
                f"{_interval(row.difference, row.low, row.high, '{:+.3f}')}\n{p_text(row.p)}"
                for row in part.itertuples()
            ]
            colors = [COLORS[0]] * len(others)
            draw_intervals(below, part.rename(columns={"difference": "value"}), colors, texts, dotted=0)
            _name_rows(below, others)
            below.set_title(textwrap.fill(f"Difference in {metric} against {reference}", 42))


def p_text(p: float) -> str:
    """A p-value as it is written in a report."""
    if np.isnan(p):
        return "p undefined"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _name_rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), [textwrap.fill(name, 26, break_on_hyphens=True) for name in names])
    axes.margins(x=0.08)


def _interval(value: float, low: float, high: float, form: str) -> str:
    if np.isnan(value):
        return "undefined"
    return f"{form} ({form} to {form})".format(value, low, high).replace("-", "−")

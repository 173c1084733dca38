"""The figure of the subgroups: a score with its interval a group, the whole data set on top."""

import os

import numpy as np
import pandas as pd

from keras_cxr.report.intervals import draw_intervals
from keras_cxr.report.style import COLORS, png

_PANELS = (
    ("AUROC", "sensitivity", "specificity"),
    ("macro AUROC", "accuracy"),
    ("macro AUROC", "exact-match accuracy"),
)


def forest_figure(scores: pd.DataFrame, subgroups: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a forest plot as PNG: AUROC, sensitivity and specificity, of many classes macro AUROC and accuracy.

    Multi-label the accuracy is that of exact matches.

    Args:
        scores: Scores table of one data set; its values are drawn on top and as a dotted line.
        subgroups: ``column, group, metric, value, low, high, n, note`` of the same data set, in the order to draw;
            where ``note`` says that a group is too small, its value has no interval and is drawn hollow.
        path: The PNG file.
    """
    metrics = next(names for names in _PANELS if set(names) <= set(scores["metric"]))
    keys = list(dict.fromkeys(zip(subgroups["column"], subgroups["group"], strict=True)))
    rows = pd.concat([scores.assign(column="", group="all films", note=""), subgroups], ignore_index=True)
    keys = [("", "all films"), *keys]
    with png(path, 1.2 + 3.9 * len(metrics), 1.2 + 0.36 * len(keys)) as figure:
        panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            own = rows[rows["metric"] == metric].set_index(["column", "group"]).loc[keys]
            colors = [COLORS[6], *[COLORS[0]] * (len(keys) - 1)]
            texts = [_text(row) for row in own.itertuples()]
            hollow = [bool(note) for note in own["note"]]
            draw_intervals(axes, own, colors, texts, dotted=own["value"].iloc[0], hollow=hollow)
            axes.set_xlim(min(0.5, axes.get_xlim()[0]), 1.01)
            axes.set_title(f"{metric} (95 % interval)")
        names = [f"{column}: {group}" if column else group for column, group in keys]
        films = rows[rows["metric"] == metrics[0]].set_index(["column", "group"])["n"].loc[keys]
        panels[0].set_yticks(
            range(len(keys)), [f"{name} ({count:,})" for name, count in zip(names, films, strict=True)]
        )


def _text(row) -> str:
    if row.note:
        return "too small"
    if not np.isfinite(row.value):
        return "undefined"
    return f"{row.value:.3f} ({row.low:.3f} to {row.high:.3f})"

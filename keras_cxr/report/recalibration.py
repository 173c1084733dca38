"""The figure of the recalibration: scores against the number of labelled films."""

import os

import pandas as pd

from keras_cxr.report.style import COLORS, MUTED, png

_PANELS = {
    "threshold and temperature": ("balanced accuracy", "Brier score", "log loss"),
    "new head": ("AUROC", "macro AUROC", "balanced accuracy"),
}


def recalibration_figure(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write one panel a score as PNG: the mean over draws in a band of 95 % of them; dotted, the score without labels.

    Args:
        table: ``what, films, metric, value, low, high, draws`` of one model on one data set; rows of 0 films are the
            scores as they are.
        path: The PNG file.
    """
    panels = [
        (what, metric)
        for what, metrics in _PANELS.items()
        for metric in metrics
        if ((table["what"] == what) & (table["metric"] == metric)).any()
    ]
    with png(path, 3.6 * len(panels), 3.2) as figure:
        for axes, (what, metric) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            part = table[(table["what"] == what) & (table["metric"] == metric)].sort_values("films")
            before, curve = part[part["films"] == 0], part[part["films"] > 0]
            color = COLORS[list(_PANELS).index(what)]
            for value in before["value"]:
                axes.axhline(value, color=MUTED, linewidth=1.2, linestyle=(0, (2, 3)), label="without labels")
            axes.fill_between(curve["films"], curve["low"], curve["high"], color=color, alpha=0.2, linewidth=0)
            axes.plot(curve["films"], curve["value"], color=color, marker="o", markersize=4, label="mean of the draws")
            axes.set_xscale("log")
            axes.set_xticks(curve["films"], [f"{films:,}" for films in curve["films"]])
            axes.minorticks_off()
            axes.set_title(f"{what.capitalize()}:\n{metric}", fontsize=10)
            axes.set_xlabel("labelled films")
            axes.grid(True)
        figure.axes[0].legend()

"""The figure of a training: loss, scores and learning rate by epoch."""

import os

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from keras_cxr.report.style import MUTED, line_style, png

_PANELS = [
    ("Loss", {"loss": "training", "val_loss": "validation"}),
    ("Validation score", {"val_auroc": "AUROC", "val_accuracy": "accuracy"}),
    ("Learning rate", {"learning_rate": "learning rate"}),
]


def learning_curves(history: pd.DataFrame, path: str | os.PathLike, best_epoch: int | None = None) -> None:
    """Write the learning curves as PNG, one panel each for loss, validation scores and learning rate.

    Args:
        history: One row an epoch: ``epoch``, and any of ``loss``, ``val_loss``, ``val_auroc``, ``val_accuracy``,
            ``learning_rate``; empty columns are left out. Where ``phase`` changes (head, fine-tuning) a line is drawn.
        path: The PNG file.
        best_epoch: Value of ``epoch`` whose weights were kept, marked in every panel.
    """
    panels = [
        (title, {name: text for name, text in columns.items() if name in history and history[name].notna().any()})
        for title, columns in _PANELS
    ]
    panels = [(title, columns) for title, columns in panels if columns] or [("Loss", {})]
    with png(path, 6.8, 0.9 + 2.1 * len(panels)) as figure:
        rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (title, columns) in zip(rows, panels, strict=True):
            for index, (column, text) in enumerate(columns.items()):
                marker = {"marker": "o", "markersize": 3.5}
                axes.plot(history["epoch"], history[column], label=text, **marker, **line_style(index))
            axes.set_title(title)
            axes.grid(True)
            if "learning_rate" in columns and (history["learning_rate"].dropna() > 0).all():
                axes.set_yscale("log")
            _mark_phases(axes, history, named=axes is rows[0])
            if best_epoch is not None:
                label = f"best epoch ({best_epoch})" if axes is rows[0] else None
                axes.axvline(best_epoch, color="#009E73", linewidth=1.4, zorder=1, label=label)
            if axes is not rows[-1] or len(columns) > 1:
                axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=2.8)
        rows[-1].set_xlabel("Epoch")
        rows[-1].xaxis.set_major_locator(MaxNLocator(integer=True))


def _mark_phases(axes: Axes, history: pd.DataFrame, named: bool) -> None:
    """A line between the phases; in the top panel each phase's name over its first epoch, above the axes."""
    if "phase" not in history or history["phase"].nunique() < 2:
        return
    starts = history[history["phase"] != history["phase"].shift()]
    edges = [epoch - 0.5 for epoch in starts["epoch"].iloc[1:]]
    for edge in edges:
        axes.axvline(edge, color=MUTED, linewidth=1, linestyle=(0, (2, 3)), zorder=1)
    if named:
        for edge, phase in zip(edges, starts["phase"].iloc[1:], strict=True):
            place = {"xycoords": axes.get_xaxis_transform(), "xytext": (3, 2), "textcoords": "offset points"}
            axes.annotate(f"{phase} →", (edge, 1.0), ha="left", va="bottom", fontsize=8.5, color="#555555", **place)

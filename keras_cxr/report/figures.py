"""The figures of an evaluation: confusion matrix, ROC curves, precision-recall curves."""

import math
import os
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from keras_cxr.report.style import MUTED, line_style, png

_SLANTED = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}


def confusion_figure(counts: np.ndarray, classes: list[str], path: str | os.PathLike) -> None:
    """Write the confusion matrix as PNG: the count of films in each cell, and its percentage of the true class.

    Args:
        counts: (k, k) whole numbers, rows the true classes, columns the predicted ones.
        classes: The k class names.
        path: The PNG file.
    """
    counts = np.asarray(counts)
    k = len(classes)
    totals = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(totals, 1)
    names = [textwrap.fill(str(name).replace("_", " "), 16) for name in classes]
    side = max(3.4, 0.95 * k)
    with png(path, side + 1.8, side + 1.3) as figure:
        axes = figure.add_subplot()
        axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            percent = f"{100 * share[row, column]:.1f} %" if totals[row, 0] else "–"
            color = "white" if share[row, column] > 0.55 else "#222222"
            axes.text(column, row, f"{count:,}\n{percent}", ha="center", va="center", color=color)
        slanted = max(len(line) for name in names for line in name.split("\n")) > 10 and k > 2
        axes.set_xticks(range(k), names, **(_SLANTED if slanted else {}))
        axes.set_yticks(range(k), names)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set(xlabel="Predicted class", ylabel="True class", title="Confusion matrix (films, % of true class)")


def finding_confusion_figure(counts: np.ndarray, classes: list[str], path: str | os.PathLike) -> None:
    """Write the confusion matrix of each finding, a panel each, as PNG: counts of films, and % of the true class.

    Args:
        counts: (k, 2, 2) whole numbers, rows the truth (absent, present), columns what the films were called.
        classes: The k findings.
        path: The PNG file.
    """
    columns = min(len(classes), 4)
    rows = math.ceil(len(classes) / columns)
    with png(path, 2.2 * columns + 0.6, 2.3 * rows + 0.6) as figure:
        figure.suptitle("Confusion matrix of each finding (films, % of the row)")
        for place, (name, cells) in enumerate(zip(classes, np.asarray(counts), strict=True)):
            axes = figure.add_subplot(rows, columns, place + 1)
            totals = cells.sum(axis=1, keepdims=True)
            share = cells / np.maximum(totals, 1)
            axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
            for (row, column), count in np.ndenumerate(cells):
                percent = f"{100 * share[row, column]:.0f} %" if totals[row, 0] else "–"
                color = "white" if share[row, column] > 0.55 else "#222222"
                axes.text(column, row, f"{count:,}\n{percent}", ha="center", va="center", color=color, fontsize=8)
            axes.set_xticks((0, 1), ("−", "+"))
            axes.set_yticks((0, 1), ("−", "+"))
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
            axes.set_title(textwrap.fill(name.replace("_", " "), 22), fontsize=9)
            if place % columns == 0:
                axes.set_ylabel("True")
            if place >= len(classes) - columns:
                axes.set_xlabel("Predicted")


def roc_figure(curves: dict[str, pd.DataFrame], path: str | os.PathLike, labels: dict[str, str] | None = None) -> None:
    """Write ROC curves as PNG, with the diagonal of chance.

    Args:
        curves: Name → table with ``fpr`` (1 - specificity) and ``tpr`` (sensitivity), both 0 to 1.
        path: The PNG file.
        labels: Name → text for the legend ("DenseNet-121, AUROC 0.97 (0.95–0.98)"); by default the name.
    """
    texts = _texts(curves, labels)
    with png(path, 5.4, _height(texts)) as figure:
        axes = _unit_square(figure.add_subplot(), "False positive rate (1 − specificity)", "Sensitivity", "ROC curve")
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
        for index, (name, curve) in enumerate(curves.items()):
            axes.plot(curve["fpr"], curve["tpr"], label=texts[name], clip_on=False, **line_style(index))
        _legend(figure, axes)


def precision_recall_figure(
    curves: dict[str, pd.DataFrame],
    path: str | os.PathLike,
    labels: dict[str, str] | None = None,
    prevalence: float | None = None,
) -> None:
    """Write precision-recall curves as PNG.

    Args:
        curves: Name → table with ``recall`` and ``precision``, both 0 to 1.
        path: The PNG file.
        labels: Name → text for the legend; by default the name.
        prevalence: Share of positive films, 0 to 1, drawn as the line of chance where all curves have the same.
    """
    texts = _texts(curves, labels)
    with png(path, 5.4, _height(texts)) as figure:
        axes = _unit_square(figure.add_subplot(), "Recall (sensitivity)", "Precision (PPV)", "Precision-recall curve")
        if prevalence is not None:
            label = f"Chance (prevalence {100 * prevalence:.1f} %)"
            axes.axhline(prevalence, color=MUTED, linewidth=1, linestyle=(0, (2, 3)), label=label)
        for index, (name, curve) in enumerate(curves.items()):
            # Between two thresholds precision is not linear in recall: steps, as average precision sums them.
            points = {"drawstyle": "steps-post", "label": texts[name], "clip_on": False}
            axes.plot(curve["recall"], curve["precision"], **points, **line_style(index))
        _legend(figure, axes)


def _unit_square(axes: Axes, xlabel: str, ylabel: str, title: str) -> Axes:
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel=xlabel, ylabel=ylabel, title=title, aspect="equal")
    axes.grid(True)
    return axes


def _texts(curves: dict, labels: dict[str, str] | None) -> dict[str, str]:
    return {name: textwrap.fill(str((labels or {}).get(name, name)), 62) for name in curves}


def _height(texts: dict[str, str]) -> float:
    """Inches for a square of axes and a legend of so many lines below it."""
    return 5.6 + sum(0.08 + 0.17 * (1 + text.count("\n")) for text in texts.values())


def _legend(figure, axes: Axes) -> None:
    """Below the axes, where it never covers a curve."""
    if axes.get_legend_handles_labels()[0]:
        figure.legend(loc="outside lower center", ncols=1, handlelength=3.2, alignment="left")

"""Train × test: the scores of several models on several data sets, as a figure and as a table to print."""

import os
import textwrap

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from keras_cxr.report.style import COLORS, MUTED, png

_MAIN = ("AUROC", "macro AUROC")
_OWN = "own test split"


def matrix_figure(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a heatmap: a row a model, a column a data set, in each cell (macro) AUROC, 95 % interval and films.

    One colour scale from 0.5 to 1, cividis, which readers with and without colour blindness see alike (Nuñez et al.,
    PLoS One 2018). Cells of a model's own test split are framed and named; a cell without a score is hatched.

    Args:
        table: ``model, trained_on, dataset, metric, value, low, high, n, seen``, one row a cell and metric.
        path: The PNG or SVG file.
    """
    main = table[table["metric"].isin(_MAIN)]
    models, datasets = list(dict.fromkeys(main["model"])), list(dict.fromkeys(main["dataset"]))
    trained = dict(zip(main["model"], main["trained_on"], strict=True))
    values = main.pivot(index="model", columns="dataset", values="value").loc[models, datasets].to_numpy(float)
    with png(path, 3.6 + 1.75 * len(datasets), 1.7 + 0.95 * len(models)) as figure:
        axes = figure.add_subplot()
        picture = axes.imshow(np.ma.masked_invalid(values), cmap="cividis", vmin=0.5, vmax=1, aspect="auto")
        for row in main.itertuples():
            place = datasets.index(row.dataset), models.index(row.model)
            _cell(axes, *place, row)
        axes.set_xticks(range(len(datasets)), [_wrapped(name, 18) for name in datasets])
        axes.set_yticks(range(len(models)), [_row_name(name, trained[name]) for name in models])
        axes.set_xticks(np.arange(1, len(datasets)) - 0.5, minor=True)
        axes.set_yticks(np.arange(1, len(models)) - 0.5, minor=True)
        axes.grid(which="minor", color="white", linewidth=2)
        axes.tick_params(which="both", length=0)
        axes.spines[:].set_visible(False)
        metric = metric_of(table)
        axes.set(xlabel="Tested on", ylabel="Model", title=f"{metric}, 95 % interval")
        figure.colorbar(picture, ax=axes, extend="min", shrink=0.9, label=metric)


def _cell(axes, column: int, row: int, score) -> None:
    corner = (column - 0.5, row - 0.5)
    lines = [_OWN] if score.seen else []
    if np.isnan(score.value):
        axes.add_patch(Rectangle(corner, 1, 1, facecolor="#f2f2f2", edgecolor=MUTED, hatch="///", linewidth=0))
        lines, color = ["undefined" if score.n else "nothing to score", *lines], "black"
    else:
        lines = [f"{score.value:.3f}", _interval(score), f"{score.n:,} films", *lines]
        color = _ink(score.value)
    boxed = {"facecolor": "#f2f2f2", "edgecolor": "none", "pad": 1.5} if np.isnan(score.value) else None
    axes.text(column, row, "\n".join(lines), ha="center", va="center", color=color, fontsize=8.5, bbox=boxed)
    if score.seen:
        inset = (column - 0.465, row - 0.455)
        axes.add_patch(Rectangle(inset, 0.93, 0.91, fill=False, edgecolor=COLORS[1], linewidth=2.2))


def _ink(value: float) -> str:
    red, green, blue, _ = mpl.colormaps["cividis"](np.clip((value - 0.5) / 0.5, 0, 1))
    return "white" if 0.299 * red + 0.587 * green + 0.114 * blue < 0.46 else "black"


def _interval(score) -> str:
    return f"{score.low:.3f} to {score.high:.3f}" if np.isfinite([score.low, score.high]).all() else "no interval"


def _row_name(model: str, trained_on: str) -> str:
    return _wrapped(model, 26) + "\n" + _wrapped(f"trained on {trained_on}", 30)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=True)


def metric_of(table: pd.DataFrame) -> str:
    """What the cells show, in words: 'AUROC', 'macro AUROC', or both where models of two classes and of more meet."""
    return " or ".join(name for name in _MAIN if name in set(table["metric"]))


def matrix_cells(table: pd.DataFrame) -> pd.DataFrame:
    """The same as a table to print: ``model``, ``trained on``, and a column a data set; '*' marks own test splits."""
    main = table[table["metric"].isin(_MAIN)]
    cells = main.assign(
        text=[
            (f"{row.value:.3f} ({_interval(row)})" if np.isfinite(row.value) else "undefined" if row.n else "–")
            + (" *" if row.seen else "")
            for row in main.itertuples()
        ]
    )
    rows = cells.pivot(index=["model", "trained_on"], columns="dataset", values="text")
    rows = rows.loc[list(dict.fromkeys(zip(main["model"], main["trained_on"], strict=True)))]
    rows = rows[list(dict.fromkeys(main["dataset"]))].reset_index(names=["model", "trained on"])
    return rows.rename_axis(columns=None)

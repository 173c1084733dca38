"""The figures of measured heatmaps: every score by method beside chance, and how maps fade as weights become random."""

import os

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from keras_cxr.report.style import COLORS, MUTED, line_style, png

_COLUMNS = 4


def map_scores_figure(scores: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a panel a measure as PNG: a point a method with its 95 % interval, and chance as a dashed line.

    Args:
        scores: Table of map scores: ``model, method, measure, value, low, high, chance``.
        path: The PNG file.
    """
    measures = list(dict.fromkeys(scores["measure"]))
    models = list(dict.fromkeys(scores["model"]))
    columns = min(_COLUMNS, len(measures))
    lines = [measures[at : at + columns] for at in range(0, len(measures), columns)]
    rows = [_rows(scores, line) for line in lines]
    heights = [0.85 + 0.3 * len(keys) for keys in rows]
    with png(path, 2.2 + 2.9 * columns, sum(heights)) as figure:
        panels = figure.subplots(len(lines), columns, sharey="row", squeeze=False, height_ratios=heights)
        for line, keys, shown in zip(lines, rows, panels, strict=True):
            for axes, measure in zip(shown, line, strict=False):
                own = scores[scores["measure"] == measure].set_index(["model", "method"]).reindex(keys)
                _draw(axes, own, [models.index(model) for model, _ in keys])
                axes.set_title(measure)
            for axes in shown[len(line) :]:
                axes.axis("off")
            names = [method if model == models[0] else f"{method} ({model})" for model, method in keys]
            shown[0].set_yticks(range(len(keys)), names)
            shown[0].set_ylim(len(keys) - 0.4, -0.6)


def _rows(scores: pd.DataFrame, measures: list[str]) -> list[tuple[str, str]]:
    """Model and method of all that have one of these measures, in the order of the table."""
    every = pd.MultiIndex.from_frame(scores[["model", "method"]])
    some = scores["measure"].isin(measures) & np.isfinite(scores["value"])
    return list(every[every.isin(every[some])].unique())


def _draw(axes: Axes, rows: pd.DataFrame, models: list[int]) -> None:
    for place, (model, row) in enumerate(zip(models, rows.itertuples(), strict=True)):
        if not np.isfinite(row.value):
            continue
        color = COLORS[model % len(COLORS)]
        if np.isfinite([row.low, row.high]).all():
            axes.plot([row.low, row.high], [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
        axes.plot([row.value], [place], color=color, marker="o", markersize=5)
        if np.isfinite(row.chance):
            axes.plot([row.chance] * 2, [place - 0.5, place + 0.5], color=MUTED, linewidth=1.2, linestyle=(0, (2, 2)))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.grid(True, axis="x")


def randomisation_figure(depths: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write the similarity of maps to those of the trained network as its layers get random weights, as PNG.

    Args:
        depths: ``method, step, layer, measure, value, low, high, chance``; step 1 is the last layer alone, each
            further step adds layers before it. Chance is drawn dotted.
        path: The PNG file.
    """
    measures, methods = list(dict.fromkeys(depths["measure"])), list(dict.fromkeys(depths["method"]))
    steps = depths.drop_duplicates("step").sort_values("step")
    with png(path, 1.2 + 4.2 * len(measures), 4.4) as figure:
        panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
        for axes, measure in zip(panels, measures, strict=True):
            for index, method in enumerate(methods):
                own = depths[(depths["measure"] == measure) & (depths["method"] == method)].sort_values("step")
                style = line_style(index)
                places = [0, *own["step"]]
                axes.plot(places, [1, *own["value"]], label=method, marker="o", markersize=3.5, **style)
                axes.fill_between(own["step"], own["low"], own["high"], color=style["color"], alpha=0.12, linewidth=0)
                axes.axhline(own["chance"].iloc[0], color=style["color"], linewidth=1, linestyle=(0, (1, 2)))
            axes.set_title(f"{measure} with the trained network's map")
            axes.set_xticks([0, *steps["step"]], ["trained", *steps["layer"]], rotation=40, ha="right", fontsize=8)
            axes.grid(True)
        panels[0].set_xlabel("random from the last layer down to")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, handlelength=3.2)

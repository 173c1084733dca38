"""Films as points of a plane, coloured by what is known of them."""

import os
import pathlib

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from keras_cxr.files import whole_file
from keras_cxr.report.style import COLORS, MUTED, png

MARKERS = ["o", "s", "^", "D", "v", "P", "X"]
SLICES = 12
MOST_GROUPS = 14


def embedding_figure(
    points: np.ndarray,
    groups: dict[str, pd.Series],
    path: str | os.PathLike,
    title: str,
    axis_labels: tuple[str, str] = ("", ""),
) -> None:
    """Write the points, one panel for each way to group them, as PNG and, beside it, SVG.

    Args:
        points: (films, 2).
        groups: The panel's title → the group of each film as text, '' where unknown (drawn gray, without a name).
            Every group has a colour and a marker of its own; those after the fourteenth are drawn as unknown.
        path: The PNG file.
        title: Above all.
        axis_labels: Of both axes; where empty, the axes have no scale.
    """
    path = pathlib.Path(path)
    columns = len(groups) if len(groups) <= 3 else 2
    rows = -(-len(groups) // columns)
    with png(path, 4.6 * columns + 0.4, 4.9 * rows + 0.5) as figure:
        cells = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes in cells[len(groups) :]:
            axes.set_axis_off()
        for axes, (name, group) in zip(cells, groups.items(), strict=False):
            _panel(axes, points, group.to_numpy(str), name, below=-0.12 if any(axis_labels) else -0.02)
            axes.set(xlabel=axis_labels[0], ylabel=axis_labels[1])
            if not any(axis_labels):
                axes.set(xticks=[], yticks=[])
        figure.suptitle(title, fontsize=12, x=0.01, ha="left")
        with whole_file(path.with_suffix(".svg")) as temporary:
            figure.savefig(temporary)


def _panel(axes: Axes, points: np.ndarray, group: np.ndarray, title: str, below: float) -> None:
    names, counts = np.unique(group[group != ""], return_counts=True)
    # Those with the most films, by name: a group has the same look in every figure.
    names = np.sort(names[np.argsort(-counts, kind="stable")][:MOST_GROUPS])
    look = {
        name: (COLORS[i % len(COLORS)], MARKERS[(i + i // len(COLORS)) % len(MARKERS)]) for i, name in enumerate(names)
    }
    size = float(np.clip(9000 / max(1, len(points)), 7, 30))
    shared = {"s": size, "linewidths": 0, "rasterized": True}
    unknown = ~np.isin(group, names)
    axes.scatter(*points[unknown].T, color=MUTED, alpha=0.35, **shared)
    films = {name: int((group == name).sum()) for name in look}
    # In slices by turns: a class drawn whole would cover the one before it. What is rare comes last, on top.
    part = np.random.default_rng(0).integers(SLICES, size=len(points))
    rare = [name for name in look if films[name] < max(films.values()) / 4]
    part[np.isin(group, rare)] = SLICES
    for number in range(SLICES + 1):
        for name, (color, marker) in look.items():
            chosen = (group == name) & (part == number)
            axes.scatter(*points[chosen].T, color=color, marker=marker, alpha=0.65, **shared)
    for name, (color, marker) in look.items():
        label = f"{name} ({films[name]:,})"
        axes.scatter([], [], color=color, marker=marker, s=28, linewidths=0, label=label)
    axes.set_title(title)
    if len(names):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, below), ncols=2, handletextpad=0.2, columnspacing=1.2)

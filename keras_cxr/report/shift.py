"""The figure of a dataset shift: how well the sets are told apart, and how unfamiliar the films of each are."""

import os
import pathlib

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from keras_cxr.files import whole_file
from keras_cxr.report.style import COLORS, MUTED, line_style, png

_TOLD = "told apart by "
_BINS = 40


def shift_figure(shift: pd.DataFrame, unfamiliarity: dict[str, np.ndarray], path: str | os.PathLike) -> None:
    """Write the figure as PNG and, beside it, SVG.

    Args:
        shift: ``dataset, item, value, low, high, flag``; rows whose item begins with 'told apart by' are drawn, one
            of them at least.
        unfamiliarity: Set → (n,) numbers above 0, the reference first; empty: no second panel.
        path: The PNG file.
    """
    path, rows = pathlib.Path(path), shift[shift["item"].str.startswith(_TOLD)]
    panels = 2 if unfamiliarity else 1
    with png(path, 1.2 + 5.2 * panels, max(3.2, 1.5 + 0.38 * len(rows))) as figure:
        cells = figure.subplots(1, panels, squeeze=False)[0]
        _told_apart(cells[0], rows)
        if unfamiliarity:
            _histograms(cells[1], unfamiliarity)
        with whole_file(path.with_suffix(".svg")) as temporary:
            figure.savefig(temporary)


def _told_apart(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axvline(0.5, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
    for place, row in enumerate(rows.itertuples()):
        color = COLORS[1] if row.flag else COLORS[0]
        if np.isfinite([row.low, row.high]).all():
            axes.plot([row.low, row.high], [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
        # A warning is told from the rest by its shape as well.
        axes.plot([row.value], [place], color=color, marker="D" if row.flag else "s", markersize=6)
        where = {"xycoords": axes.get_yaxis_transform(), "ha": "left", "va": "center", "fontsize": 8.5}
        text = f"{row.value:.2f} ({row.low:.2f}–{row.high:.2f})"
        axes.annotate(text, (1.02, place), annotation_clip=False, **where)
    several = rows["dataset"].nunique() > 1
    names = [
        f"{row.dataset}: {row.item.removeprefix(_TOLD)}" if several else row.item.removeprefix(_TOLD)
        for row in rows.itertuples()
    ]
    axes.set_yticks(range(len(rows)), names)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlim=(min(0.4, rows["low"].min(), rows["value"].min()), 1.01))
    axes.set(title="Told apart from the training films by", xlabel="AUROC (0.5: not at all)")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(True, axis="x")


def _histograms(axes: Axes, unfamiliarity: dict[str, np.ndarray]) -> None:
    every = np.concatenate(list(unfamiliarity.values()))
    every = every[np.isfinite(every) & (every > 0)]
    edges = np.geomspace(min(every.min(), 0.5), max(every.max(), 2) * 1.01, _BINS + 1)
    for index, (name, values) in enumerate(unfamiliarity.items()):
        counts, _ = np.histogram(values, edges)
        label = f"{name} ({len(values):,}, {(values > 1).mean():.0%} above 1)"
        axes.stairs(counts / max(1, len(values)), edges, label=label, linewidth=1.8, **line_style(index))
    axes.axvline(1, color=MUTED, linewidth=1.2)
    axes.set_xscale("log")
    ticks = [tick for tick in (0.25, 0.5, 1, 2, 3, 5, 10, 20, 50, 100) if edges[0] <= tick <= edges[-1]]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set(title="Unfamiliarity", xlabel="Unfamiliarity (95 % of the validation films lie below 1)")
    axes.set_ylabel("Share of the films")
    axes.grid(True)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), handlelength=2.8)

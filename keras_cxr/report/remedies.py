"""The figure of the remedies: what each changes in one score."""

import os

import numpy as np
import pandas as pd

from keras_cxr.report.style import COLORS, MUTED, png

_COLORS = {"helps": COLORS[2], "harms": COLORS[1]}
_PANELS = ("AUROC", "macro AUROC", "balanced accuracy", "Brier score")


def remedies_figure(table: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a forest plot as PNG: the difference that each remedy makes in each score, after less before.

    Args:
        table: ``remedy, metric, before, after, difference, low, high, verdict`` of one model on one data set.
        path: The PNG file.
    """
    metrics = [name for name in _PANELS if (table["metric"] == name).any()]
    names = list(dict.fromkeys(table["remedy"]))
    with png(path, 1.6 + 4.2 * len(metrics), 1.3 + 0.42 * len(names)) as figure:
        panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
        for axes, metric in zip(panels, metrics, strict=True):
            rows = table[table["metric"] == metric].set_index("remedy").loc[names]
            axes.axvline(0, color=MUTED, linewidth=1, linestyle=(0, (2, 3)))
            for place, row in enumerate(rows.itertuples()):
                color = _COLORS.get(row.verdict, COLORS[0])
                axes.plot([row.low, row.high], [place, place], color=color, linewidth=1.8, solid_capstyle="butt")
                axes.plot([row.difference], [place], color=color, marker="s", markersize=6)
                text = f"{row.before:.3f} → {row.after:.3f}" if np.isfinite(row.after) else "undefined"
                where = {"xycoords": axes.get_yaxis_transform(), "ha": "left", "va": "center", "fontsize": 8.5}
                axes.annotate(text, (1.02, place), annotation_clip=False, **where)
            axes.set_title(f"Difference in {metric}")
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
            axes.locator_params(axis="x", nbins=5)
            axes.margins(x=0.08)
            axes.grid(True, axis="x")
        panels[0].set_yticks(range(len(names)), [f"{name} ({verdict})" for name, verdict in _verdicts(table).items()])
        panels[0].set_ylim(len(names) - 0.4, -0.6)


def _verdicts(table: pd.DataFrame) -> dict[str, str]:
    return dict(table.drop_duplicates("remedy").set_index("remedy")["verdict"])

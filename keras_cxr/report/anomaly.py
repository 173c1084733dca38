"""The figure of an anomaly model: how the scores of normal and sick films lie beside the threshold."""

import os

import numpy as np
import pandas as pd

from keras_cxr.report.style import COLORS, png

BINS = 40


def score_figure(films: pd.DataFrame, normal: str, threshold: float, path: str | os.PathLike) -> None:
    """Write a histogram of the scores as PNG, normal films beside the others, the threshold marked.

    Args:
        films: ``truth`` and ``score``, one row a film.
        normal: The label of normal films.
        threshold: A film above it is called anomalous.
        path: The PNG file.
    """
    scores, is_normal = films["score"].to_numpy("float64"), (films["truth"] == normal).to_numpy()
    # A few films far out would squeeze all others into one bin.
    last = max(np.quantile(scores, 0.99), threshold)
    edges = np.linspace(scores.min(), last, BINS + 1) if last > scores.min() else BINS
    with png(path, 6.8, 3.6) as figure:
        axes = figure.subplots()
        for chosen, name, colour in ((is_normal, normal, COLORS[0]), (~is_normal, "others", COLORS[1])):
            if chosen.any():
                weights = np.full(chosen.sum(), 1 / chosen.sum())
                shown = np.minimum(scores[chosen], last)
                label = f"{name} ({chosen.sum()})".replace("$", r"\$")
                axes.hist(shown, edges, weights=weights, histtype="step", color=colour, linewidth=1.8, label=label)
        axes.axvline(threshold, color=COLORS[2], linestyle="--", label="threshold")
        axes.set_title("Anomaly scores of the test films")
        axes.set_xlabel("Score (the highest 1 % in the last bin)")
        axes.set_ylabel("Share of the films")
        axes.legend(loc="upper right")

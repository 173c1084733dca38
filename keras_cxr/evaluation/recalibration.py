"""How many labelled films of another hospital a new threshold and temperature need, told by repeated draws."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_cxr.evaluation.bootstrap import percentile_interval
from keras_cxr.evaluation.calibration import fit_threshold, probabilities
from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.labelled_draws import draw_labelled
from keras_cxr.evaluation.permutation import metrics_of
from keras_cxr.evaluation.remedies import decided_films
from keras_cxr.evaluation.scaling import fit_scaling

RECALIBRATION_COLUMNS = ["dataset", "model", "what", "films", "metric", "value", "low", "high", "draws"]
THRESHOLD = "threshold and temperature"
TWO_CLASSES = ("balanced accuracy", "Brier score", "log loss", "expected calibration error")
MANY_CLASSES = ("balanced accuracy", "log loss", "expected calibration error")


def recalibration_curve(
    logits: np.ndarray,
    truth: np.ndarray,
    cluster: np.ndarray,
    classes: list[str],
    threshold: float | None,
    temperature: float,
    counts: Iterable[int],
    draws: int = 50,
    seed: int = 0,
) -> pd.DataFrame:
    """Scores with a scale, biases and (of two classes) a threshold fitted on some films, on the films left over.

    The scale and biases are ``scaling.fit_scaling``'s, the threshold that of the best balanced accuracy; both know the
    drawn films alone, and no film of a drawn patient is scored.

    Args:
        logits: (n, 1) or (n, k).
        truth: (n,) class indices.
        cluster: (n,) integers from 0, the same for the films of one patient.
        classes: The class names.
        threshold, temperature: In use until now.
        counts: Numbers of labelled films.
        draws: How often each number is drawn.
        seed: Fixes the draws.

    Returns:
        ``what, films, metric, value, low, high, draws``. ``value`` is the mean over the draws, ``low`` and ``high``
        their 2.5 and 97.5 percentile: the luck of which films were labelled. Of 0 films, the scores of all films as
        they are, without an interval.
    """
    names = TWO_CLASSES if len(classes) == 2 else MANY_CLASSES
    before = decided_films(probabilities(logits, temperature), truth, cluster, threshold)
    rows = curve_rows(THRESHOLD, 0, [scores_of(before, classes, names)], names)
    for count in counts:
        found = []
        for fitted, scored in draw_labelled(truth, cluster, count, draws, seed):
            scaling = fit_scaling(logits[fitted], truth[fitted], len(classes))
            own = None
            if len(classes) == 2:
                own = fit_threshold(truth[fitted], scaling(logits[fitted])[:, 1])
            after = decided_films(scaling(logits[scored]), truth[scored], cluster[scored], own)
            found.append(scores_of(after, classes, names))
        rows += curve_rows(THRESHOLD, count, found, names)
    return pd.DataFrame(rows)


def scores_of(films: Films, classes: list[str], names: Iterable[str]) -> list[float]:
    """The named scores of some films."""
    metrics = metrics_of(films, classes)(np.ones((1, len(films))))
    return [float(metrics[name][0]) for name in names]


def curve_rows(what: str, count: int, found: list[list[float]], names: Iterable[str]) -> list[dict]:
    """One row a metric: mean and percentiles of ``found`` (draws, metrics); of 0 films the scores as they are."""
    rows = []
    for name, values in zip(names, np.array(found).T, strict=True):
        low, high = percentile_interval(values) if count else (np.nan, np.nan)
        value = float(np.nanmean(values)) if not np.isnan(values).all() else np.nan
        rows.append({"what": what, "films": count, "metric": name, "value": value, "low": low, "high": high})
        rows[-1]["draws"] = len(found) if count else 0
    return rows

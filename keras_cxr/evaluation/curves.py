"""What is drawn beside ROC and precision-recall curves: calibration, the choice of a threshold, and its net benefit."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.quotient import quotient
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.evaluation.wilson import effective_n, wilson_interval

RELIABILITY_COLUMNS = ["from", "to", "predicted", "observed", "low", "high", "films"]
THRESHOLD_COLUMNS = ["threshold", "sensitivity", "specificity", "PPV"]
NET_BENEFIT_COLUMNS = ["threshold", "model", "all positive"]


def reliability(
    predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS, bins: int = 10
) -> dict[str, pd.DataFrame]:
    """Calibration curves: of two classes the positive one's, of more each class against the rest.

    Args:
        predictions, classes, task: See ``films.scored_films``.
        bins: Of equal width between 0 and 1.

    Returns:
        Class name → ``RELIABILITY_COLUMNS``, one row a bin that has films: its edges, the mean predicted probability,
        the observed share of the class with its 95 % interval (Wilson, on the effective number of patients), and the
        count of films. A class that is in all films or in none has no entry.
    """
    films = scored_films(predictions, classes, task)
    return {name: _bins(positive, p, films.cluster, bins) for name, positive, p in _one_against_rest(films, classes)}


def threshold_points(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS) -> dict[str, pd.DataFrame]:
    """Sensitivity, specificity and PPV against the threshold, for the decision ``p >= threshold``.

    Returns:
        Class name → ``THRESHOLD_COLUMNS``: of two classes the positive one, multi-label each finding, of more classes
        none, as these are not decided by a threshold. About 300 thresholds rise from 0 to 1, closer where films lie
        closer. NaN where a score is undefined.
    """
    films, curves = scored_films(predictions, classes, task), {}
    for name, positive, p in _decided_by_threshold(films, classes, task):
        thresholds = np.unique([*np.linspace(0, 1, 101), *np.quantile(p, np.linspace(0, 1, 201))])
        tp, fp = _called(positive, p, thresholds)
        columns = (thresholds, tp / positive.sum(), 1 - fp / (~positive).sum(), quotient(tp, tp + fp))
        curves[name] = pd.DataFrame(dict(zip(THRESHOLD_COLUMNS, columns, strict=True)))
    return curves


def net_benefit(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS) -> dict[str, pd.DataFrame]:
    """Decision curves (Vickers and Elkin, Med Decis Making 2006).

    Returns:
        Of the classes that ``threshold_points`` has, ``NET_BENEFIT_COLUMNS`` at the thresholds 0.01, 0.02, … 0.99: the
        share of true positives less the share of false positives times the odds of the threshold, by the model and
        where every film is called positive.
    """
    films, curves = scored_films(predictions, classes, task), {}
    thresholds = np.arange(1, 100) / 100
    odds = thresholds / (1 - thresholds)
    for name, positive, p in _decided_by_threshold(films, classes, task):
        tp, fp = _called(positive, p, thresholds)
        everyone = positive.mean() - (1 - positive.mean()) * odds
        columns = (thresholds, (tp - fp * odds) / len(positive), everyone)
        curves[name] = pd.DataFrame(dict(zip(NET_BENEFIT_COLUMNS, columns, strict=True)))
    return curves


def _one_against_rest(films: Films, classes: list[str]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, truth (n,) bool and probability (n,) of each class that some films have and some have not."""
    for index in films.ranked:
        positive = films.positive[:, index]
        if positive.any() and not positive.all():
            yield classes[index], positive, films.probability[:, index]


def _decided_by_threshold(films: Films, classes: list[str], task: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    if len(classes) == 2 or task == MULTI_LABEL:
        yield from _one_against_rest(films, classes)


def _bins(positive: np.ndarray, p: np.ndarray, cluster: np.ndarray, bins: int) -> pd.DataFrame:
    place = np.minimum((p * bins).astype(int), bins - 1)
    rows = []
    for index in np.unique(place):
        own = place == index
        observed = positive[own].mean()
        interval = wilson_interval(observed, effective_n(cluster, own))
        rows.append((index / bins, (index + 1) / bins, p[own].mean(), observed, *interval, int(own.sum())))
    return pd.DataFrame(rows, columns=RELIABILITY_COLUMNS)


def _called(positive: np.ndarray, p: np.ndarray, thresholds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """True and false positives at each threshold."""
    return tuple(
        len(own) - np.searchsorted(np.sort(own), thresholds, side="left") for own in (p[positive], p[~positive])
    )

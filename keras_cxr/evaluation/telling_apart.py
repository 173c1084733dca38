"""Whether two sets of films can be told apart: by a classifier on many numbers, or by one number alone.

A domain classifier, as Rabanser, Günnemann & Lipton (Failing loudly, NeurIPS 2019) detect dataset shift, read by its
AUROC: 0.5 where the sets cannot be told apart, 1 where every film shows which set it is from.
"""

import typing

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_cxr.evaluation.auroc import auroc, delong_interval
from keras_cxr.evaluation.wilson import effective_n, wilson_interval

FOLDS = 5
# Inverse strength of the ridge penalty: with as many features as films, weaker ones only fit longer.
PENALTY = 0.01


class Area(typing.NamedTuple):
    """An AUROC with its 95 % interval and the films that it is of."""

    value: float
    low: float
    high: float
    n: int


def tell_apart(
    first: np.ndarray, second: np.ndarray, first_patients: np.ndarray, second_patients: np.ndarray, seed: int = 0
) -> Area | None:
    """How well ridge logistic regression tells the films of two sets apart, by cross-validation grouped by patient.

    Every film is scored by a classifier that was fitted without the films of its patient, in five folds (fewer where
    a set has fewer patients); the AUROC is that of all films together.

    Args:
        first, second: Features of the sets (n, width) and (m, width) float.
        first_patients, second_patients: (n,) and (m,), equal for the films of a patient; patients of different sets
            are different patients.
        seed: Of the folds.

    Returns:
        The AUROC for "is of the second set"; None where a set has fewer than two patients.
    """
    codes = [np.unique(patients, return_inverse=True)[1] for patients in (first_patients, second_patients)]
    if min(len(first), len(second)) < 2 or min(code.max() for code in codes) < 1:
        return None
    features = np.concatenate([first, second])
    of_second = np.repeat([False, True], [len(first), len(second)])
    patients = np.concatenate([codes[0], codes[1] + codes[0].max() + 1])
    folds = min(FOLDS, *(int(code.max()) + 1 for code in codes))
    scores = np.empty(len(features))
    for known, asked in StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(
        features, of_second, patients
    ):
        fitted = make_pipeline(
            StandardScaler(), LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000)
        ).fit(features[known], of_second[known])
        scores[asked] = fitted.decision_function(features[asked])
    return area_with_interval(of_second, scores, patients)


def area_with_interval(truth: np.ndarray, score: np.ndarray, patients: np.ndarray) -> Area:
    """The AUROC with DeLong's interval, clustered by patient; of a perfect one Wilson's on the smaller class.

    Args:
        truth: (n,) 0 or 1, both of which occur.
        score: (n,) real numbers.
        patients: (n,), equal for the films of a patient.
    """
    truth, clusters = np.asarray(truth, bool), np.unique(patients, return_inverse=True)[1]
    value = auroc(truth, score)
    several = clusters.max() + 1 < len(clusters)
    low, high = delong_interval(truth, score, clusters=clusters if several else None)
    if not low < high:
        low, high = wilson_interval(value, min(effective_n(clusters, truth), effective_n(clusters, ~truth)))
    return Area(value, low, high, len(truth))


def standardised_difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean of the second set less that of the first, in standard deviations (the root of the mean variance).

    Args:
        first, second: (n,) and (m,) float, two or more each; NaN is left out.

    Returns:
        0 where nothing differs, infinite where both are constant and differ, NaN where a set has under two numbers.
    """
    first, second = (values[~np.isnan(values)] for values in (first, second))
    if min(len(first), len(second)) < 2:
        return np.nan
    difference = float(second.mean() - first.mean())
    deviation = float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))
    if deviation:
        return difference / deviation
    return 0.0 if not difference else float(np.copysign(np.inf, difference))

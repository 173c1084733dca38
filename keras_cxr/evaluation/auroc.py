"""The exact area under the ROC curve, DeLong's interval and DeLong's paired test.

DeLong, DeLong & Clarke-Pearson, Biometrics 1988; computed by midranks after Sun & Xu, IEEE Signal Processing
Letters 2014, in O(n log n). Films must be independent; where patients have several films, give their clusters
(Obuchowski, Biometrics 1997).
"""

import typing

import numpy as np
from scipy import stats


class DelongTest(typing.NamedTuple):
    """AUROC of the first model less that of the second, its interval, and the two-sided p-value."""

    difference: float
    low: float
    high: float
    p_value: float


def auroc(truth: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve: the chance that a positive film scores above a negative one, a tie counting half.

    Args:
        truth: (n,) 0 or 1.
        score: (n,) real numbers, higher where more likely positive.

    Returns:
        Between 0 and 1; NaN where the truth holds one class alone.
    """
    return float(delong_covariance(truth, score)[0][0])


def delong_covariance(
    truth: np.ndarray, scores: np.ndarray, clusters: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """AUROCs of one or more models on the same films, and DeLong's covariance between them.

    Args:
        truth: (n,) 0 or 1.
        scores: (n,) or (models, n) real numbers.
        clusters: (n,) integers from 0, the same for the films of one patient; the covariance is then Obuchowski's,
            which is DeLong's where every patient has one film. None: every film is independent.

    Returns:
        AUROCs (models,) and covariance (models, models), float64. The AUROCs are NaN where the truth holds one class
        alone, the covariance is NaN where a class has fewer than two films, or films of fewer than two patients.
    """
    positive = np.asarray(truth).astype(bool)
    scores = np.atleast_2d(np.asarray(scores, dtype="float64"))
    models, m, n = len(scores), int(positive.sum()), int((~positive).sum())
    undefined = np.full((models, models), np.nan)
    if m == 0 or n == 0:
        return np.full(models, np.nan), undefined
    ranks = stats.rankdata(scores, axis=1)
    # Of each positive film, the share of negatives below it; of each negative film, the share of positives above it.
    by_positive = (ranks[:, positive] - stats.rankdata(scores[:, positive], axis=1)) / n
    by_negative = 1 - (ranks[:, ~positive] - stats.rankdata(scores[:, ~positive], axis=1)) / m
    areas = (ranks[:, positive].sum(axis=1) - m * (m + 1) / 2) / (m * n)
    if clusters is not None:
        return areas, _clustered_covariance(by_positive, by_negative, areas, positive, np.asarray(clusters))
    if min(m, n) < 2:
        return areas, undefined
    covariance = np.cov(by_positive).reshape(models, models) / m + np.cov(by_negative).reshape(models, models) / n
    return areas, covariance


def _clustered_covariance(
    by_positive: np.ndarray, by_negative: np.ndarray, areas: np.ndarray, positive: np.ndarray, clusters: np.ndarray
) -> np.ndarray:
    """Obuchowski 1997, equations 2 to 6: the structural components summed over each patient's films."""
    count = int(clusters.max()) + 1
    sums, factors = [], []
    for part, own in ((by_positive, clusters[positive]), (by_negative, clusters[~positive])):
        films = np.bincount(own, minlength=count)
        patients = int((films > 0).sum())
        if patients < 2:
            return np.full((len(areas), len(areas)), np.nan)
        centred = part - areas[:, None]
        sums.append(np.stack([np.bincount(own, weights=row, minlength=count) for row in centred]) / films.sum())
        factors.append(patients / (patients - 1))
    both = sums[0] @ sums[1].T * count / (count - 1)
    return factors[0] * sums[0] @ sums[0].T + factors[1] * sums[1] @ sums[1].T + both + both.T


def delong_interval(
    truth: np.ndarray, score: np.ndarray, confidence: float = 0.95, clusters: np.ndarray | None = None
) -> tuple[float, float]:
    """DeLong's interval of one AUROC on the logit scale, which keeps it inside 0 to 1.

    The plain interval runs past 1 and covers too seldom where the AUROC is high; the logit one does not
    (Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2.4; Qin & Hotilovac, Stat Methods Med Res
    2008).

    Args:
        truth: (n,) 0 or 1.
        score: (n,) real numbers.
        confidence: Between 0 and 1.
        clusters: See ``delong_covariance``.

    Returns:
        (low, high); NaN where the variance is undefined, or zero as it is where the classes do not overlap.
    """
    areas, covariance = delong_covariance(truth, score, clusters)
    area, variance = float(areas[0]), float(covariance[0, 0])
    if not (0 < area < 1 and variance > 0):
        return np.nan, np.nan
    centre = np.log(area / (1 - area))
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance) / (area * (1 - area))
    return float(1 / (1 + np.exp(half - centre))), float(1 / (1 + np.exp(-half - centre)))


def delong_test(
    truth: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    confidence: float = 0.95,
    clusters: np.ndarray | None = None,
) -> DelongTest:
    """DeLong's two-sided test that two models have the same AUROC on the same films.

    Args:
        truth: (n,) 0 or 1.
        first: (n,) scores of the first model.
        second: (n,) scores of the second model, for the same films in the same order.
        confidence: Between 0 and 1, for the interval of the difference (plain, not logit).
        clusters: See ``delong_covariance``.

    Returns:
        The difference, its interval and the p-value. Two models that order the films alike have p = 1; where the
        variance is undefined, the interval and p are NaN.
    """
    areas, covariance = delong_covariance(truth, np.stack([first, second]), clusters)
    difference = float(areas[0] - areas[1])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    if np.isnan(variance):
        return DelongTest(difference, np.nan, np.nan, np.nan)
    error = np.sqrt(max(variance, 0.0))
    if error < 1e-12:
        p_value = 1.0 if abs(difference) < 1e-12 else 0.0
    else:
        p_value = float(2 * stats.norm.sf(abs(difference) / error))
    half = float(stats.norm.ppf((1 + confidence) / 2) * error)
    return DelongTest(difference, difference - half, difference + half, p_value)

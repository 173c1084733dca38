"""The bootstrap clustered by patient: whole patients are drawn, so that their films stay together."""

from collections.abc import Iterator

import numpy as np
from scipy import stats

_BLOCK = 500_000  # weights in memory at once: 4 MB stay in the processor's cache


def clustered_draws(clusters: np.ndarray, draws: int = 2000, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield the film weights of the bootstrap draws, some draws at a time to bound memory.

    In each draw as many patients are drawn with replacement as there are; a film's weight is how often its patient
    was drawn (multinomial counts). A metric under these weights equals the metric on the resampled films.
    Field & Welsh, J R Stat Soc B 2007, "Bootstrapping clustered data" (the randomised cluster bootstrap).

    Args:
        clusters: (n,) integers from 0, every number up to the largest in use; films of one patient share one.
        draws: How many draws in all.
        seed: Fixes the draws; the same seed gives the same weights for the same count of clusters.

    Yields:
        (block, n) float64 of whole numbers; the blocks' lengths sum to ``draws``.
    """
    clusters = np.asarray(clusters)
    if not len(clusters):
        return
    count = int(clusters.max()) + 1
    own = count == len(clusters) and np.array_equal(clusters, np.arange(count))
    random = np.random.default_rng(seed)
    block = max(1, _BLOCK // len(clusters))
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        drawn = random.integers(0, count, size=(rows, count))
        drawn += count * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count).astype("float64")
        yield counts if own else counts.take(clusters, axis=1)


def percentile_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """Bootstrap percentile interval of the draws in which the metric is defined.

    The bounds are order statistics, without interpolation, so that infinite draws (a likelihood ratio) are allowed.

    Args:
        values: (draws,) values of one metric; NaN where a draw leaves it undefined.
        confidence: Between 0 and 1.

    Returns:
        (low, high); NaN where no draw defines the metric.
    """
    values = np.sort(values[~np.isnan(values)])
    if not len(values):
        return np.nan, np.nan
    tail = (1 - confidence) / 2 * len(values)
    return float(values[int(np.floor(tail))]), float(values[int(np.ceil(len(values) - tail)) - 1])


def expanded_confidence(patients: float, confidence: float = 0.95) -> float:
    """The confidence to take percentiles at, so that they cover as often as they should where patients are few.

    Drawn samples vary less than samples of patients do, by (patients - 1) / patients, and percentiles know nothing of
    Student's t: the expanded percentile interval of Hesterberg, Am Stat 2015, mends both.

    Args:
        patients: Those whom the metric rests on; of fewer than two nothing can be mended.
        confidence: That is wanted, between 0 and 1.

    Returns:
        Between ``confidence`` and 1.
    """
    if patients < 2:
        return confidence
    wider = np.sqrt(patients / (patients - 1)) * stats.t.ppf((1 + confidence) / 2, patients - 1)
    return float(2 * stats.norm.cdf(wider) - 1)

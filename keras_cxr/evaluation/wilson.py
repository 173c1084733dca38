"""Wilson's score interval of a proportion, and the effective sample size that stands in for n under clusters."""

import numpy as np
from scipy import stats


def wilson_interval(proportion: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval (Wilson, JASA 1927), without continuity correction.

    It stays inside 0 to 1 and keeps a width where the proportion is 0 or 1.

    Args:
        proportion: Between 0 and 1.
        n: The count of trials; may be a fraction (an effective sample size).
        confidence: Between 0 and 1.

    Returns:
        (low, high); NaN where ``n`` is 0 or the proportion is NaN.
    """
    if not n > 0 or np.isnan(proportion):
        return np.nan, np.nan
    z = stats.norm.ppf((1 + confidence) / 2)
    centre = proportion + z**2 / (2 * n)
    half = z * np.sqrt(proportion * (1 - proportion) / n + z**2 / (4 * n**2))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return (0.0 if proportion == 0 else float(max(low, 0))), (1.0 if proportion == 1 else float(min(high, 1)))


def effective_n(clusters: np.ndarray, counted: np.ndarray) -> float:
    """Kish's effective sample size of the counted films, (sum m)² / sum m², with m films of each patient.

    It takes a patient's films for copies of one another, the worst case; with one film a patient it is the count.
    Kish, Survey Sampling, 1965.

    Args:
        clusters: (n,) integers from 0, the same number for the films of one patient.
        counted: (n,) bool, the films in the denominator.
    """
    sizes = np.bincount(clusters[counted]).astype("float64")
    return float(sizes.sum() ** 2 / np.square(sizes).sum()) if len(sizes) else 0.0

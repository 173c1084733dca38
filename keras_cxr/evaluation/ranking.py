"""AUROC and average precision under film weights, for many bootstrap draws at once."""

import numpy as np

from keras_cxr.evaluation.quotient import quotient


class Ranking:
    """Films sorted once by score; every draw is then cumulative sums of its weights.

    Args:
        positive: (n,) bool.
        score: (n,) real numbers, higher where more likely positive.
    """

    def __init__(self, positive: np.ndarray, score: np.ndarray):
        positive = np.asarray(positive, dtype=bool)
        score = np.asarray(score, dtype="float64")
        by_score = np.argsort(score, kind="stable")
        self._positives, self._negatives = by_score[positive[by_score]], by_score[~positive[by_score]]
        high, low = score[self._positives], score[self._negatives]
        # For each positive film: how many negatives lie below it, how many below or level, how many positives below.
        self._below = np.searchsorted(low, high, side="left")
        self._level = np.searchsorted(low, high, side="right")
        self._own_below = np.searchsorted(high, high, side="left")

    def areas(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """AUROC and average precision of each draw.

        Average precision is the sum over distinct thresholds of the gain in recall times precision, as scikit-learn
        defines it; tied films enter together.

        Args:
            weights: (draws, n) float64, 0 or more.

        Returns:
            Two arrays (draws,) between 0 and 1. AUROC is NaN where a draw holds one class alone, average precision
            where it holds no positive film.
        """
        positives = weights.take(self._positives, axis=1)
        before_positive, before_negative = _before(positives), _before(weights.take(self._negatives, axis=1))
        all_positive, all_negative = before_positive[:, -1], before_negative[:, -1]
        below = before_negative.take(self._below, axis=1)
        level = before_negative.take(self._level, axis=1)
        auroc = quotient(np.einsum("dn,dn->d", positives, below + level), 2 * all_positive * all_negative)
        found = all_positive[:, None] - before_positive.take(self._own_below, axis=1)
        flagged = found + (all_negative[:, None] - below)
        # A positive film with weight finds at least itself; those without weight count for nothing.
        precision = found / np.where(flagged > 0, flagged, 1)
        return auroc, quotient(np.einsum("dn,dn->d", positives, precision), all_positive)


def _before(weights: np.ndarray) -> np.ndarray:
    """Cumulative sums (draws, n + 1), the i-th over the first i films."""
    sums = np.zeros((weights.shape[0], weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums

"""Division as the metrics mean it: nothing by nothing is undefined, and no warning is due."""

import numpy as np


def quotient(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """``numerator / denominator`` with NaN for 0 / 0 and infinity for x / 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numerator, dtype="float64") / np.asarray(denominator, dtype="float64")

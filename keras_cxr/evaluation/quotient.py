"""Division and means as the metrics mean them: nothing by nothing is undefined, and no warning is due."""

import numpy as np


def quotient(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """``numerator / denominator`` with NaN for 0 / 0 and infinity for x / 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numerator, dtype="float64") / np.asarray(denominator, dtype="float64")


def macro_mean(values: np.ndarray) -> np.ndarray:
    """The mean (draws,) of ``values`` (draws, classes) over the classes for which they are defined."""
    defined = ~np.isnan(values)
    return quotient(np.where(defined, values, 0).sum(axis=1), defined.sum(axis=1))

"""Maps that know nothing of the film, to hold heatmaps against."""

import cv2
import numpy as np

_SPREAD = 0.25
_SIDE = 64


def centred_gaussian(height: int, width: int) -> np.ndarray:
    """A bell in the film's middle with a standard deviation of a quarter of each side: "in the middle of the chest".

    Returns:
        float32 (height, width), above 0 and up to 1.
    """
    rows, columns = (
        np.exp(-0.5 * ((np.arange(side) - (side - 1) / 2) / (_SPREAD * side)) ** 2) for side in (height, width)
    )
    return np.outer(rows, columns).astype("float32")


def small_region(region: np.ndarray) -> np.ndarray:
    """A region (H, W) bool on a small square grid of its own, float32 (64, 64): the share of each cell inside."""
    return cv2.resize(region.astype("float32"), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)


def average_region(small: np.ndarray, height: int, width: int) -> np.ndarray:
    """The mean of other films' regions, "where such places mostly are", stretched to 0–1.

    The baseline "average box" of Arun et al., Radiology: Artificial Intelligence 2021.

    Args:
        small: (n, 64, 64), as ``small_region``, n ≥ 1.
        height, width: Of the film.

    Returns:
        float32 (height, width).
    """
    mean = cv2.resize(small.mean(axis=0), (width, height), interpolation=cv2.INTER_LINEAR)
    return mean / (mean.max() or 1)

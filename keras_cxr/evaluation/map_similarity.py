"""How alike two heatmaps of one film are: structure, order of the pixels, strongest places."""

import cv2
import numpy as np
from scipy.stats import rankdata

_WINDOW, _SIGMA = 11, 1.5
_TOP = 0.1


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """Mean structural similarity: Wang et al., "Image Quality Assessment", IEEE TIP 2004.

    With the paper's Gaussian window of 11 pixels and 1.5 pixels' deviation, K1 = 0.01, K2 = 0.03 and a range of 1; at
    the border the map is mirrored.

    Args:
        one, other: (H, W), 0–1, at least 6 pixels a side.

    Returns:
        -1 to 1; 1 for equal maps.
    """
    x, y = np.asarray(one, "float64"), np.asarray(other, "float64")
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x, variance_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    light, contrast = 0.01**2, 0.03**2
    similar = (2 * mean_x * mean_y + light) * (2 * covariance + contrast)
    return float((similar / ((mean_x**2 + mean_y**2 + light) * (variance_x + variance_y + contrast))).mean())


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's rank correlation of the pixels of two maps of one shape; 0 where a map is the same everywhere."""
    ranks = [rankdata(np.asarray(heatmap).ravel()) for heatmap in (one, other)]
    x, y = (rank - rank.mean() for rank in ranks)
    length = np.sqrt((x @ x) * (y @ y))
    return float(x @ y / length) if length else 0.0


def top_overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of the strongest tenth of the pixels of two maps; 0 where a map is empty.

    Of a map with fewer pixels above 0 than a tenth, these count.
    """
    first, second = _top(np.asarray(one)), _top(np.asarray(other))
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 0.0


def _blurred(values: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(values, (_WINDOW, _WINDOW), _SIGMA, borderType=cv2.BORDER_REFLECT_101)


def _top(heatmap: np.ndarray) -> np.ndarray:
    count = max(1, round(_TOP * heatmap.size))
    limit = np.partition(heatmap.ravel(), heatmap.size - count)[heatmap.size - count]
    return (heatmap >= limit) & (heatmap > 0)

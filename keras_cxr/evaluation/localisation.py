"""One heatmap against the places that a reader marked on its film: does it point there, cover them, stay inside?

A film's marked places are one region: the union of its boxes, or a mask. An empty map (zero everywhere) points nowhere
and scores 0 wherever a place is asked for. No threshold is chosen here: see ``cross_fit``.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

# Where a map, stretched to 0–1, is cut to be laid over a region.
THRESHOLDS = np.round(np.arange(0.05, 1, 0.05), 2)
LEVELS = 256


def pointing_hit(heatmap: np.ndarray, region: np.ndarray, tolerance: float = 0) -> float:
    """Whether the strongest pixel lies in the region: the pointing game.

    Zhang et al., "Top-down Neural Attention by Excitation Backprop", IJCV 2018, allow a tolerance of 15 pixels on
    photographs of some 500 pixels; the hit rate of Saporta et al., Nature Machine Intelligence 2022, allows none.

    Args:
        heatmap: (H, W), ≥ 0.
        region: (H, W) bool.
        tolerance: Pixels by which the strongest pixel may miss the region.

    Returns:
        1 or 0; where several pixels are the strongest, the share of them that hits, which is the chance that one of
        them drawn at random does. 0 for an empty map.
    """
    if not heatmap.any():
        return 0.0
    strongest = heatmap == heatmap.max()
    if tolerance > 0 and region.any():
        region = distance_transform_edt(~region) <= tolerance
    return float(region[strongest].mean())


def share_inside(heatmap: np.ndarray, region: np.ndarray) -> float:
    """The part of the map's sum that lies in the region: the energy-based pointing game of Wang et al., "Score-CAM",
    CVPR Workshops 2020.

    Args:
        heatmap: (H, W), ≥ 0.
        region: (H, W) bool.

    Returns:
        0 to 1; 0 for an empty map.
    """
    total = float(heatmap.sum(dtype="float64"))
    return float(heatmap[region].sum(dtype="float64")) / total if total else 0.0


def iou_curve(heatmap: np.ndarray, region: np.ndarray, thresholds: np.ndarray = THRESHOLDS) -> np.ndarray:
    """Intersection over union of the region and the pixels at or above each threshold.

    Args:
        heatmap: (H, W), 0–1.
        region: (H, W) bool, not empty.
        thresholds: (k,), above 0.

    Returns:
        (k,) float64, 0 to 1.
    """
    inside, outside = _at_or_above(heatmap[region], thresholds), _at_or_above(heatmap[~region], thresholds)
    return inside / (np.count_nonzero(region) + outside)


def average_precision(heatmap: np.ndarray, region: np.ndarray) -> float:
    """Area under the precision-recall curve of one film's pixels: those in the region are to be found by strength.

    Arun et al., Radiology: Artificial Intelligence 2021, take it of each film. It is summed in steps, without
    interpolation; a uniform map scores the region's share of the film.

    Args:
        heatmap: (H, W).
        region: (H, W) bool.

    Returns:
        0 to 1; NaN where the region is empty.
    """
    strength, inside = heatmap.ravel(), region.ravel()
    order = np.argsort(-strength, kind="stable")
    strength, inside = strength[order], inside[order]
    ends = np.append(np.flatnonzero(np.diff(strength)), len(strength) - 1)
    found = np.cumsum(inside)[ends].astype("float64")
    return _area(found, ends + 1.0)


def level_counts(heatmap: np.ndarray, region: np.ndarray) -> np.ndarray:
    """How many pixels have each of `LEVELS` strengths, inside and outside of the region.

    Args:
        heatmap: (H, W), 0–1.
        region: (H, W) bool.

    Returns:
        (2, LEVELS) int64, from weak to strong.
    """
    level = np.minimum((heatmap * LEVELS).astype("int64"), LEVELS - 1)
    return np.stack([np.bincount(level[part], minlength=LEVELS) for part in (region, ~region)])


def pooled_average_precision(counts: np.ndarray) -> np.ndarray:
    """Area under the precision-recall curve of the pixels of many films together, from their summed counts.

    Args:
        counts: (…, 2, LEVELS), as ``level_counts``, weighted and summed over films.

    Returns:
        (…) float64, NaN where no pixel lies inside.
    """
    counts = np.asarray(counts, "float64")[..., ::-1]
    found, taken = np.cumsum(counts[..., 0, :], axis=-1), np.cumsum(counts.sum(axis=-2), axis=-1)
    return _area(found, taken)


def _area(found: np.ndarray, taken: np.ndarray) -> np.ndarray | float:
    """Sum of precision times step of recall, along the last axis, from the counts at each falling threshold."""
    total = found[..., -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(taken > 0, found / taken, 0)
        recall = found / total
    area = (precision * np.diff(recall, axis=-1, prepend=0)).sum(axis=-1)
    return float(area) if area.ndim == 0 else area


def _at_or_above(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    return len(values) - np.searchsorted(np.sort(values), thresholds.astype(values.dtype))

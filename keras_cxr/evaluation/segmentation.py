"""Masks against masks: overlap, distance of the outlines, and their means over films with intervals."""

import numpy as np
import pandas as pd
from scipy.ndimage import binary_erosion, distance_transform_edt

from keras_cxr.evaluation.bootstrap import clustered_draws, percentile_interval
from keras_cxr.evaluation.table import scores_table

# The metric's name in the scores table, and the column of the table of films that it is the mean of.
METRICS = {
    "Dice": "dice",
    "IoU": "iou",
    "Hausdorff-95 (pixels)": "hausdorff95",
    "Hausdorff-95 (share of diagonal)": "hausdorff95_share",
}


def dice(truth: np.ndarray, found: np.ndarray) -> float:
    """Twice the common area over the sum of the areas (Dice, Ecology 1945).

    Args:
        truth, found: (H, W), anything but zero is inside.

    Returns:
        0 to 1; 1 where both are empty.
    """
    truth, found = np.asarray(truth, bool), np.asarray(found, bool)
    total = np.count_nonzero(truth) + np.count_nonzero(found)
    return 2 * np.count_nonzero(truth & found) / total if total else 1.0


def iou(truth: np.ndarray, found: np.ndarray) -> float:
    """The common area over the area of both together (Jaccard), 0 to 1; 1 where both are empty.

    Args:
        truth, found: (H, W), anything but zero is inside.
    """
    truth, found = np.asarray(truth, bool), np.asarray(found, bool)
    union = np.count_nonzero(truth | found)
    return np.count_nonzero(truth & found) / union if union else 1.0


def hausdorff(truth: np.ndarray, found: np.ndarray, percentile: float = 100.0) -> float:
    """Distance of the outlines: the larger of the two directed percentiles of point-to-outline distance.

    The outline is every inside pixel with a side neighbour outside, the picture's edge counting as outside. At 100 this
    is the Hausdorff distance of the outlines (Huttenlocher et al., IEEE TPAMI 1993).

    Args:
        truth, found: (H, W), anything but zero is inside.
        percentile: 0 to 100; between two distances it is interpolated linearly.

    Returns:
        Pixels. 0 where both masks are empty; the picture's diagonal, the largest distance there is, where one is.
    """
    truth, found = np.asarray(truth, bool), np.asarray(found, bool)
    if not truth.any() or not found.any():
        return 0.0 if truth.any() == found.any() else diagonal(*truth.shape)
    window = _window(truth | found)
    outlines = [_outline(truth[window]), _outline(found[window])]
    distances = [distance_transform_edt(~outline) for outline in outlines]
    there = np.percentile(distances[1][outlines[0]], percentile)
    back = np.percentile(distances[0][outlines[1]], percentile)
    return float(max(there, back))


def hausdorff95(truth: np.ndarray, found: np.ndarray) -> float:
    """``hausdorff`` at the 95th percentile, which a few stray pixels do not decide; pixels."""
    return hausdorff(truth, found, 95.0)


def diagonal(height: int, width: int) -> float:
    """Distance between the centres of two opposite corner pixels."""
    return float(np.hypot(height - 1, width - 1))


def _window(mask: np.ndarray) -> tuple[slice, slice]:
    # Distances run between the outlines: what lies around both need not be transformed.
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _outline(mask: np.ndarray) -> np.ndarray:
    return mask & ~binary_erosion(mask)


def compare_masks(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Every column of ``METRICS`` for one film: ``dice``, ``iou``, ``hausdorff95``, ``hausdorff95_share``."""
    distance = hausdorff95(truth, found)
    share = distance / diagonal(*np.shape(truth))
    return {"dice": dice(truth, found), "iou": iou(truth, found), "hausdorff95": distance, "hausdorff95_share": share}


def segmentation_scores(
    films: pd.DataFrame, dataset: str = "", model: str = "", draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Means over films with 95 % percentile intervals of the bootstrap clustered by patient.

    Args:
        films: One row a film: ``patient`` (films of one share it) and the columns of ``METRICS``.
        dataset, model: Written into the table.
        draws, seed: Of the bootstrap.

    Returns:
        A scores table; the interval is NaN where all films are of one patient.
    """
    values = films[list(METRICS.values())].to_numpy(float)
    clusters = pd.factorize(films["patient"])[0]
    if clusters.max() > 0:
        blocks = [
            weights @ values / weights.sum(axis=1, keepdims=True) for weights in clustered_draws(clusters, draws, seed)
        ]
        intervals = [percentile_interval(drawn) for drawn in np.concatenate(blocks).T]
    else:
        intervals = [(np.nan, np.nan)] * len(METRICS)
    return scores_table(
        {
            "dataset": dataset,
            "model": model,
            "metric": metric,
            "value": value,
            "low": low,
            "high": high,
            "n": len(films),
        }
        for metric, value, (low, high) in zip(METRICS, values.mean(axis=0), intervals, strict=True)
    )

"""A map of lung probability on the network's canvas to a clean mask of the film."""

import cv2
import numpy as np

from keras_cxr.data.geometry import to_film
from keras_cxr.data.preprocessing import Preprocessing

# Standard deviation of the smoothing, as a share of the canvas's side: about one pixel of 128.
SMOOTHING = 0.008
# What a lung field may measure, as shares of the film's area.
SMALLEST_LUNG = 0.01
LARGEST_LUNGS = 0.85
# A second component this much smaller than the first is no lung but stomach gas or air beside the arm.
SMALLEST_SECOND = 0.1


def lung_mask(
    canvas: np.ndarray, width: int, height: int, preprocessing: Preprocessing, threshold: float
) -> tuple[np.ndarray, float]:
    """The mask of one film: its two largest connected parts of plausible size, smooth and without holes.

    Args:
        canvas: Probability of lung (size, size) float32, 0–1.
        width, height: The film's own size in pixels.
        preprocessing: How the film came to the canvas.
        threshold: Probability from which a pixel is lung.

    Returns:
        The mask, uint8 (height, width), 0 or 255, empty where nothing is plausible; and the confidence, the soft Dice
        of map p and mask m, 2 Σ p m / (Σ p + Σ m), in [0, 1]: 1 where the map is certain and all of it was kept, 0
        where the mask is empty.
    """
    smooth = cv2.GaussianBlur(canvas, (0, 0), SMOOTHING * preprocessing.size)
    probability = np.clip(to_film(smooth, width, height, preprocessing), 0, 1)
    mask = _filled(_largest_two((probability >= threshold).astype(np.uint8)))
    area = np.count_nonzero(mask)
    if not area or area > LARGEST_LUNGS * mask.size:
        return np.zeros_like(mask), 0.0
    inside = float(probability[mask > 0].sum(dtype=np.float64))
    return mask, 2 * inside / (float(probability.sum(dtype=np.float64)) + area)


def _largest_two(inside: np.ndarray) -> np.ndarray:
    count, parts, facts, _ = cv2.connectedComponentsWithStats(inside, connectivity=4)
    areas = facts[1:, cv2.CC_STAT_AREA]
    order = np.argsort(-areas, kind="stable")[:2]
    least = max(SMALLEST_LUNG * inside.size, SMALLEST_SECOND * (areas.max() if count > 1 else 0))
    kept = np.zeros(count, np.uint8)
    kept[1 + order[areas[order] >= least]] = 255
    return kept[parts]


def _filled(mask: np.ndarray) -> np.ndarray:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(mask, outlines, -1, 255, cv2.FILLED) if outlines else mask

"""Heatmaps of any strength to one scale."""

import numpy as np


def normalise(maps: np.ndarray) -> np.ndarray:
    """Stretch each map to 0–1: its weakest place becomes 0, its strongest 1.

    A map that is zero everywhere stays zero; one with the same positive value everywhere becomes 1. Normalise after
    `upsample`, as tf-keras-vis and pytorch-grad-cam do: the strongest place may fall between the film's pixels.

    Args:
        maps: (…, h, w), ≥ 0 and finite.

    Returns:
        float32 of the same shape, 0–1, never NaN.
    """
    maps = np.asarray(maps, "float32")
    stretched = stretch(maps)
    return np.where(stretched.any(axis=(-2, -1), keepdims=True), stretched, np.sign(maps))


def stretch(masks: np.ndarray) -> np.ndarray:
    """Stretch each mask to 0–1; one that is the same everywhere becomes zero.

    However small its values are: tf-keras-vis adds Keras's epsilon of 1e-7 to the range, which hides the film behind
    the masks of a network whose features vanish.

    Args:
        masks: (…, h, w), finite.

    Returns:
        float32 of the same shape.
    """
    low = masks.min(axis=(-2, -1), keepdims=True)
    span = masks.max(axis=(-2, -1), keepdims=True) - low
    return ((masks - low) / np.where(span == 0, 1, span)).astype("float32")


def without_outliers(maps: np.ndarray, percent: float = 99) -> np.ndarray:
    """Cut each map's values above this percentile to it; a map that is zero up to there stays as it is.

    Maps of single pixels have a few that outshine all others; Smilkov 2017, section 3.1.

    Args:
        maps: (…, h, w), ≥ 0 and finite.
        percent: Below which the values stay.
    """
    limit = np.percentile(maps, percent, axis=(-2, -1), keepdims=True)
    return np.where(limit > 0, np.minimum(maps, limit), maps)

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
    low = maps.min(axis=(-2, -1), keepdims=True)
    span = maps.max(axis=(-2, -1), keepdims=True) - low
    flat = span == 0
    return np.where(flat, np.sign(maps), (maps - low) / np.where(flat, 1, span)).astype("float32")

"""Heatmaps from a layer's resolution to a film's."""

import numpy as np


def upsample(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Interpolate maps linearly to a film's size, the corners of the map on the corners of the film.

    The grid is that of ``scipy.ndimage.zoom(order=1)`` and so of tf-keras-vis; OpenCV's and TensorFlow's resizing
    put the values on cell centres instead, and differ by up to a third of the range on a 3×3 map.

    Args:
        maps: (…, h, w).
        size: (height, width) of the film in pixels.

    Returns:
        float32 (…, height, width), within the range of ``maps``.
    """
    maps = np.asarray(maps, "float32")
    rows = _weights(maps.shape[-2], size[0])
    columns = _weights(maps.shape[-1], size[1])
    return rows @ maps @ columns.T


def _weights(have: int, want: int) -> np.ndarray:
    """Row i holds the weights of the ``have`` values for place i of ``want``."""
    places = np.linspace(0, have - 1, want)[:, None]
    return np.maximum(0, 1 - np.abs(places - np.arange(have))).astype("float32")

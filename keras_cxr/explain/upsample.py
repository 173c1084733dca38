"""Heatmaps from a layer's resolution to a film's."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from keras_cxr.explain.grid import Axis, Grid


def upsample(maps: np.ndarray, size: tuple[int, int], grid: "Grid | None" = None) -> np.ndarray:
    """Interpolate maps linearly to the size of the network's input, each cell at the place that it looks at.

    With a grid, the outermost cells' values are held for half a cell beyond their centres and fade to zero over the
    next half: no cell looks there. Without one the corners of the map are put on the corners of the image, which is off
    by up to half a receptive field.

    The corners are those of ``scipy.ndimage.zoom(order=1)`` and so of tf-keras-vis; OpenCV's and TensorFlow's resizing
    put the values on cell centres instead, and differ by up to a third of the range on a 3×3 map.

    Args:
        maps: (…, h, w).
        size: (height, width) of the network's input in pixels.
        grid: `field.layer_grid` of the maps' layer at that size.

    Returns:
        float32 (…, height, width), between zero or the weakest and the strongest value of ``maps``.
    """
    maps = np.asarray(maps, "float32")
    rows = _weights(maps.shape[-2], size[0], grid and grid.rows)
    columns = _weights(maps.shape[-1], size[1], grid and grid.columns)
    return rows @ maps @ columns.T


def _weights(have: int, want: int, axis: "Axis | None") -> np.ndarray:
    """Row i holds the weights of the ``have`` values for place i of ``want``."""
    places = np.linspace(0, have - 1, want) if axis is None else (np.arange(want) - axis.start) / axis.step
    inside = np.clip(places, 0, have - 1)
    seen = np.clip(2 - 2 * np.abs(places - inside), 0, 1)
    return (seen[:, None] * np.maximum(0, 1 - np.abs(inside[:, None] - np.arange(have)))).astype("float32")

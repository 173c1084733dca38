"""Heatmaps that hold still when the film changes a little: the mean over changed films, each map brought back.

The changes are those of pytorch-grad-cam's ``aug_smooth``: left and right exchanged, gray levels times 0.9 and 1.1.
"""

from collections.abc import Callable

import numpy as np

# Whether left and right are exchanged, and what the gray levels are multiplied by.
CHANGES = ((False, 1.0), (True, 1.0), (False, 0.9), (True, 0.9), (False, 1.1), (True, 1.1))


def smoothed(maps: Callable[[np.ndarray], np.ndarray], images: np.ndarray, count: int) -> np.ndarray:
    """The mean of the maps of ``count`` changed films, the film itself first.

    Args:
        maps: From films (n, H, W, C), gray levels 0–255, to maps (n, H, W).
        images: The films.
        count: 1 to 6.
    """
    total = 0
    for mirrored, factor in CHANGES[:count]:
        changed = np.clip(images * np.float32(factor), 0, 255)
        total = total + (maps(changed[:, :, ::-1])[:, :, ::-1] if mirrored else maps(changed))
    return total / np.float32(count)

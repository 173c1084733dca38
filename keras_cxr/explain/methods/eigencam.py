"""Eigen-CAM: Muhammad and Yeasin, "Eigen-CAM: Class Activation Map using Principal Components", IJCNN 2020,
https://arxiv.org/abs/2008.00299.
"""

import numpy as np

from keras_cxr.explain.layer_method import LayerMethod
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target


@register(
    "eigencam",
    "Eigen-CAM",
    "the strongest pattern of the layer's maps, whatever the class: what the layer sees, not why it decides",
    "Muhammad and Yeasin, IJCNN 2020",
    "1 forward",
    class_specific=False,
)
class EigenCAM(LayerMethod):
    """Feature maps projected on their first right singular vector, negative parts dropped.

    A singular vector has no sign of its own: the map gets the one with which it correlates with the channels' mean, or
    the other where that leaves nothing, as it may where features are negative.
    A map that is the same everywhere shows no place, and is empty.
    """

    def __init__(self, model, layer: str | None = None, corners: bool = False):
        super().__init__(model, layer, corners)
        self._features = self.network.features(self.layer)

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        return np.stack([self._film(features.astype("float64")) for features in self._features(images)]), {}

    def _film(self, features: np.ndarray) -> np.ndarray:
        places = features.reshape(-1, features.shape[-1])
        places = places / (np.abs(places).max() or 1)
        first = np.linalg.svd(places, full_matrices=False)[2][0]
        found = places @ first
        mean = places.mean(axis=1)
        if np.dot(found - found.mean(), mean - mean.mean()) < 0:
            found = -found
        if found.max() <= 0:
            found = -found
        if np.ptp(found) <= 1e-6 * np.abs(found).max():
            found = np.zeros_like(found)
        return np.maximum(found, 0).reshape(features.shape[:2])

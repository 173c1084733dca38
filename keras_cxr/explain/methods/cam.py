"""CAM: Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016,
https://arxiv.org/abs/1512.04150.
"""

import numpy as np

from keras_cxr.explain.layer_method import LayerMethod
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target


@register(
    "cam",
    "CAM",
    "the layer's maps weighted by the classifier itself: exact, for networks of pooling and one dense layer alone",
    "Zhou et al., CVPR 2016",
    "1 forward",
)
class CAM(LayerMethod):
    """Feature maps weighted by the class's weights in the dense layer, summed, negative parts dropped.

    Raises:
        UsageError: Anything but global average pooling and one dense layer lies between the layer and the logits.
    """

    def __init__(self, model, layer: str | None = None, corners: bool = False):
        super().__init__(model, layer, corners)
        # Refused now where there is none; its numbers may change until a map is asked for.
        self.network.only_kernel(self.layer)
        self._features = self.network.features(self.layer)

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        weights = target.weights @ self.network.only_kernel(self.layer).T
        maps = np.einsum("nhwc,nc->nhw", self._features(images), weights)
        return np.maximum(maps, 0), {}

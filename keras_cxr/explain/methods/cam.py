"""CAM: Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016,
https://arxiv.org/abs/1512.04150.
"""

import numpy as np

from keras_cxr.errors import UsageError
from keras_cxr.explain.fast_network import FastNetwork
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
        self._kernel = self._only_kernel()
        self._features = self.network.features(self.layer)

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        weights = target.weights @ self._kernel.T
        maps = np.einsum("nhwc,nc->nhw", self._features(images), weights)
        return np.maximum(maps, 0), {}

    def _only_kernel(self) -> np.ndarray:
        """The dense layer's, made sure that nothing but pooling and it lies between the map and the logits."""
        if isinstance(self.network, FastNetwork):
            return self.network.only_kernel()
        return self._only_dense().kernel.numpy().astype("float32")

    def _only_dense(self):
        from keras import activations, layers

        steps = self.network.steps
        last = max(place for place, step in enumerate(steps) if step.layer.name == self.layer)
        behind = [step.layer for step in steps[last + 1 :] if step.new and not isinstance(step.layer, layers.Dropout)]
        match [type(layer).__name__ for layer in behind]:
            case ["GlobalAveragePooling2D", "Dense"]:
                return behind[1]
            case ["GlobalAveragePooling2D", "Dense", "Activation" | "Softmax" | "Sigmoid"] if (
                behind[1].activation is activations.linear
            ):
                return behind[1]
        found = ", ".join(f"{layer.name} ({type(layer).__name__})" for layer in behind) or "nothing"
        raise UsageError(
            f"CAM needs global average pooling, one dense layer and nothing else behind layer '{self.layer}'. "
            f"Received: {found}. Try --method hirescam, which equals CAM where CAM is possible."
        )

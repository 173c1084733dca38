"""What all heatmaps from feature maps and gradients share; a method adds how it combines the two."""

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_cxr.explain.layer_method import LayerMethod
from keras_cxr.explain.target import Target

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from keras_cxr.explain.explainable import Explainable


class GradientMethod(LayerMethod):
    """A method on one layer's feature maps and the gradients of the score by them; see `LayerMethod`."""

    channel_weights: Callable[[np.ndarray], np.ndarray] | None = None
    """Where the gradient of a channel is the same at every place, as behind global average pooling: from gradients
    (n, channels) to the weights (n, channels) with which ``combine`` sums the maps before it drops negative parts. None
    where it is no such sum."""

    def __init__(self, model: "keras.Model | Explainable", layer: str | None = None, corners: bool = False):
        super().__init__(model, layer, corners)
        self.run = self.network.gradients(self.combine, self.layer, self.channel_weights)

    @abc.abstractmethod
    def combine(self, features: "tf.Tensor", gradients: "tf.Tensor") -> "tf.Tensor":
        """Make the maps.

        Args:
            features: float32 (n, h, w, channels), the layer's output.
            gradients: float32 (n, h, w, channels), the derivative of each film's score by it.

        Returns:
            float32 (n, h, w), not negative.
        """

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        return self.run(images, target.weights), {}

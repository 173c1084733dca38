"""A network made ready to be explained: its logits, feature maps and gradients, each compiled once."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_cxr.explain.capture import capture, input_shape
from keras_cxr.explain.execution import execution
from keras_cxr.explain.field import layer_grid
from keras_cxr.explain.finite import finite
from keras_cxr.explain.gradients import Gradients
from keras_cxr.explain.grid import Grid
from keras_cxr.explain.layers import check_layer, default_layer
from keras_cxr.explain.scores import ends_in_sigmoid, linear_output


class Network:
    """What the methods ask of a network.

    Attributes:
        model: The Keras model, not changed.
        steps: ``execution(model)``.
        input_shape: Of one film, (height, width, channels); None where it may be any.
        width: Number of outputs.
        sigmoid: Whether each output is a probability of its own.
        half: Whether a layer computes in float16.
    """

    def __init__(self, model: keras.Model):
        self.model = model
        self.steps = execution(model)
        self.input_shape = input_shape(model)
        self.width = next(step.shape[-1] for step in reversed(self.steps) if step.final)
        self.sigmoid = ends_in_sigmoid(model, self.steps)
        self.half = any(step.dtype == "float16" for step in self.steps)
        self._signature = [tf.TensorSpec((None, *self.input_shape), tf.float32)]

    def shown_layer(self, name: str | None) -> str:
        """The name of the layer to show: ``name``, where it gives a map, by default the last that does.

        Raises:
            UsageError, CxrError: See `layers`.
        """
        if name is not None:
            check_layer(self.model, name, self.steps)
        return name or default_layer(self.model, self.steps)

    def grid(self, layer: str, size: tuple[int, int]) -> Grid:
        """See `field.layer_grid`."""
        return layer_grid(self.model, layer, size)

    def gradients(
        self, combine: Callable, layer: str | None = None, channel_weights: Callable | None = None
    ) -> Gradients:
        """See `gradients.Gradients`; ``channel_weights`` are for networks that Keras does not compute."""
        return Gradients(self, combine, layer)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Scores before the last activation, float32 (n, outputs), of gray levels (n, H, W, C).

        Raises:
            CxrError: They are not finite.
        """
        return finite(self._logits(tf.cast(images, tf.float32)).numpy(), "The network's logits")

    def features(self, layer: str) -> Callable[[np.ndarray], np.ndarray]:
        """A function from films (n, H, W, C) to the output of ``layer``, float32 (n, h, w, channels).

        It raises a CxrError where that is not finite.
        """

        @tf.function(input_signature=self._signature, autograph=False)
        def run(images):
            with capture(self.model, layer) as captured:
                self.model(images, training=False)
            return tf.cast(captured.output, tf.float32)

        return lambda images: finite(run(images).numpy(), f"The feature maps of layer '{layer}'")

    @functools.cached_property
    def _logits(self):
        @tf.function(input_signature=self._signature, autograph=False)
        def run(images):
            with linear_output(self.model, self.steps):
                return tf.cast(self.model(images, training=False), tf.float32)

        return run

"""What all heatmaps from feature maps and gradients share; a method adds how it combines the two."""

import abc

import keras
import numpy as np
import tensorflow as tf

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.capture import capture, input_shape
from keras_cxr.explain.execution import execution
from keras_cxr.explain.field import Grid, layer_grid
from keras_cxr.explain.layers import check_layer, default_layer
from keras_cxr.explain.scores import linear_output, score_weights
from keras_cxr.explain.upsample import upsample

# float16 holds no gradients below 6e-8 or above 65504: the score is scaled up, and less where that overflows.
_HALF_SCALES = tuple(2.0**power for power in (12, 6, 0, -6, -12))


class GradientMethod(abc.ABC):
    """A heatmap method: one network, one layer, any classes.

    Args:
        model: A built network from (batch, H, W, C) gray levels 0–255 to probabilities (batch, classes); one output
            means a sigmoid. It is not changed.
        layer: Name of the layer whose feature maps are shown, at any depth; default `layers.default_layer`.

    Attributes:
        layer: The name of the layer that is shown.

    Raises:
        UsageError: An unknown layer, or one without a spatial map.
        CxrError: A network without spatial maps, or whose last activation cannot be taken off.
    """

    def __init__(self, model: keras.Model, layer: str | None = None):
        self.model = model
        self._steps = execution(model)
        if layer is not None:
            check_layer(model, layer, self._steps)
        self.layer = layer or default_layer(model, self._steps)
        self._input_shape = input_shape(model)
        self._grids: dict[tuple[int, int], Grid] = {}
        self._width = next(step.shape[-1] for step in reversed(self._steps) if step.final)
        self._scales = _HALF_SCALES if any(step.dtype == "float16" for step in self._steps) else (1.0,)
        # One trace serves every class and every number of films: both are arguments with an open batch axis.
        signature = [
            tf.TensorSpec((None, *self._input_shape), tf.float32),
            tf.TensorSpec((None, self._width), tf.float32),
            tf.TensorSpec((), tf.float32),
        ]
        self._compiled = tf.function(self._trace, input_signature=signature, autograph=False)

    @abc.abstractmethod
    def combine(self, features: tf.Tensor, gradients: tf.Tensor) -> tf.Tensor:
        """Make the maps.

        Args:
            features: float32 (n, h, w, channels), the layer's output.
            gradients: float32 (n, h, w, channels), the derivative of each film's score by it.

        Returns:
            float32 (n, h, w), not negative.
        """

    def maps(self, images: np.ndarray, class_index: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """Explain the score of a class, before the last activation, for each film.

        Args:
            images: (n, H, W, C), n ≥ 1, gray levels 0–255 at the network's input size.
            class_index: Index of the class to explain, one for all films or (n,) integers. A network with one
                sigmoid has the classes 0 (negative: minus the logit) and 1 (positive: the logit).

        Returns:
            The maps, float32 (n, h, w), ≥ 0, finite, at the layer's resolution and not normalised; and flags,
            bool (n,), True where the map is zero everywhere: no evidence for the class.

        Raises:
            UsageError: Images or class indices that do not fit the network.
            CxrError: The network's feature maps or gradients are not finite.
        """
        images = np.asarray(images, "float32")
        wanted = (None, *self._input_shape)
        if (
            images.ndim != 4
            or not len(images)
            or any(want not in (None, have) for want, have in zip(wanted, images.shape, strict=True))
        ):
            raise UsageError(
                f"The images must have the shape (n, height, width, channels) = {wanted}. Received: {images.shape}."
            )
        weights = score_weights(class_index, len(images), self._width)
        for scale in self._scales:
            maps, finite = (one.numpy() for one in self._compiled(images, weights, scale))
            if finite.all():
                return maps, ~maps.any(axis=(1, 2))
        raise CxrError(
            f"The feature maps and gradients of layer '{self.layer}' must be finite. Received: NaN or infinity "
            f"for {np.count_nonzero(~finite)} of {len(finite)} films. Try the network in float32."
        )

    def grid(self, size: tuple[int, int]) -> Grid:
        """Where on images of the ``size`` (height, width) in pixels the cells of the maps lie.

        Raises:
            UsageError: A size that the network does not take.
        """
        wanted = self._input_shape[:2]
        if any(want not in (None, have) for want, have in zip(wanted, size, strict=True)):
            raise UsageError(f"The size must be the network's input size {wanted}. Received: {tuple(size)}.")
        if size not in self._grids:
            self._grids[size] = layer_grid(self.model, self.layer, size)
        return self._grids[size]

    def upsample(self, maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Bring maps of `maps`, (…, h, w), to the images' ``size``: each cell to the place that it looks at."""
        return upsample(maps, size, self.grid(size))

    def _trace(self, images, weights, scale):
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape, linear_output(self.model, self._steps), capture(self.model, self.layer, tape) as captured:
            logits = self.model(images, training=False)
            # Films do not influence each other in inference, so the gradient of the sum is each film's own.
            score = scale * tf.reduce_sum(weights * tf.cast(logits, tf.float32))
        gradients = tape.gradient(score, captured.output)
        if gradients is None:
            raise UsageError(
                f"The layer must lie on the way to the network's output. Received: '{self.layer}'. "
                f"Try '{default_layer(self.model, self._steps)}'."
            )
        features = tf.cast(captured.output, tf.float32)
        gradients = tf.cast(gradients, tf.float32) / scale
        maps = self.combine(features, gradients)
        finite = tf.reduce_all(tf.math.is_finite(features) & tf.math.is_finite(gradients), axis=(1, 2, 3))
        return maps, finite & tf.reduce_all(tf.math.is_finite(maps), axis=(1, 2))

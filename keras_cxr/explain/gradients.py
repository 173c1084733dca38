"""The gradients of films' scores by a layer's output or by the films themselves, compiled once."""

import contextlib
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.capture import Captured, capture
from keras_cxr.explain.layers import default_layer
from keras_cxr.explain.scores import linear_output

# float16 holds no gradients below 6e-8 or above 65504: the score is scaled up, and less where that overflows.
_HALF_SCALES = tuple(2.0**power for power in (12, 6, 0, -6, -12))


class Gradients:
    """Films to what is made of a layer's features and their gradients; one trace serves all that is made of them.

    Args:
        network: A `network.Network`.
        layer: Name of the layer whose output is the features; None: the films.
    """

    def __init__(self, network, layer: str | None):
        self._network, self._layer = network, layer
        self._scales = _HALF_SCALES if network.half else (1.0,)
        # One trace serves every class and every number of films: both are arguments with an open batch axis.
        signature = [
            tf.TensorSpec((None, *network.input_shape), tf.float32),
            tf.TensorSpec((None, network.width), tf.float32),
            tf.TensorSpec((), tf.float32),
        ]
        self.compiled = tf.function(self._trace, input_signature=signature, autograph=False)

    def __call__(self, combine: Callable, images: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Run on films.

        Args:
            combine: Takes float32 features and gradients of the same shape (n, h, w, channels), gives float32 (n, …).
            images: (n, H, W, C).
            weights: (n, outputs), of their logits.

        Raises:
            CxrError: The network's feature maps or gradients are not finite.
        """
        for scale in self._scales:
            features, gradients, finite = self.compiled(images, weights, scale)
            result = combine(features, gradients).numpy()
            finite = finite.numpy() & np.isfinite(result).all(axis=tuple(range(1, result.ndim)))
            if finite.all():
                return result
        what = f"feature maps and gradients of layer '{self._layer}'" if self._layer else "gradients by the film"
        raise CxrError(
            f"The {what} must be finite. Received: NaN or infinity "
            f"for {np.count_nonzero(~finite)} of {len(finite)} films. Try the network in float32."
        )

    def _trace(self, images, weights, scale):
        model, steps = self._network.model, self._network.steps
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape, linear_output(model, steps), self._watched(images, tape) as captured:
            logits = model(images, training=False)
            # Films do not influence each other in inference, so the gradient of the sum is each film's own.
            score = scale * tf.reduce_sum(weights * tf.cast(logits, tf.float32))
        gradients = tape.gradient(score, captured.output)
        if gradients is None:
            raise UsageError(
                f"The layer must lie on the way to the network's output. Received: '{self._layer}'. "
                f"Try '{default_layer(model, steps)}'."
            )
        features = tf.cast(captured.output, tf.float32)
        gradients = tf.cast(gradients, tf.float32) / scale
        finite = tf.math.is_finite(features) & tf.math.is_finite(gradients)
        return features, gradients, tf.reduce_all(finite, axis=(1, 2, 3))

    def _watched(self, images, tape):
        if self._layer is not None:
            return capture(self._network.model, self._layer, tape)
        tape.watch(images)
        return contextlib.nullcontext(Captured(images))

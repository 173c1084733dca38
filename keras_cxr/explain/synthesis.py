"""Inputs made to excite filters: gradient ascent from noise, with regularisers.

Erhan et al., "Visualizing Higher-Layer Features of a Deep Network", 2009; jitter and total variation as in Mordvintsev
et al., "Inceptionism", 2015, and Mahendran and Vedaldi, "Visualizing Deep Convolutional Neural Networks Using Natural
Pre-Images", IJCV 2016, https://arxiv.org/abs/1512.02017.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from keras_cxr.errors import CxrError
from keras_cxr.explain.capture import capture
from keras_cxr.explain.copies import batches
from keras_cxr.explain.network import Network

# Inputs that climb together, gray levels a step, and the weights of what holds the picture smooth and gray.
_TOGETHER, _RATE, _VARIATION, _GRAY = 8, 4.0, 0.3, 0.05
_MIDDLE, _JITTER = 127.5, 8
# Standard deviations of the noise, gray levels: where a filter gives 0 there is no gradient to follow.
_NOISES = (16.0, 32.0, 64.0, 128.0)


@dataclasses.dataclass(frozen=True)
class Synthesised:
    """Inputs and what they do.

    Attributes:
        images: float32 (filters, H, W, C), gray levels 0–255.
        noise: float32 (filters,), the filter's strongest value on the noise that each started from.
        values: float32 (filters,), on the input itself.
    """

    images: np.ndarray
    noise: np.ndarray
    values: np.ndarray


def synthesise(
    network: Network,
    layer: str,
    filters: Sequence[int],
    size: int,
    steps: int = 128,
    seed: int = 0,
    advance: Callable[[int], None] | None = None,
) -> Synthesised:
    """Change noise until it excites a filter: the mean of its map rises by the gradient's direction.

    It starts from the weakest noise of four, around middle gray, on which the filter gives more than 0. Each step
    shifts the picture by up to 8 pixels at random, adds 4 gray levels of the gradient scaled to a root mean square of
    1, and takes away what makes neighbours differ (total variation) and what is far from middle gray (L2).

    Args:
        network: The network.
        layer: Name of the layer.
        filters: Numbers of its channels, one or more.
        size: Side of the input, pixels.
        steps: How many.
        seed: Of noise and shifts, the same for every filter.
        advance: Called with the number of filters after each batch of them.

    Raises:
        CxrError: The gradients are not finite.
    """
    climb = _climber(network, layer)
    parts = []
    for part in batches(len(filters), _TOGETHER):
        chosen = np.array(filters[part], "int32")
        parts.append(_ascend(climb, chosen, (size, size, network.input_shape[-1]), steps, seed))
        if advance:
            advance(len(chosen))
    return Synthesised(*(np.concatenate(one) for one in zip(*parts, strict=True)))


def _ascend(climb, filters, shape, steps, seed):
    draw = np.random.default_rng(seed)
    images, noise = _start(climb, filters, draw.normal(size=shape))
    for _ in range(steps):
        shift = draw.integers(-_JITTER, _JITTER + 1, 2)
        _, gradients = climb(np.roll(images, shift, axis=(1, 2)), filters)
        gradients = np.roll(gradients, -shift, axis=(1, 2))
        if not np.isfinite(gradients).all():
            raise CxrError("The gradients by the input must be finite. Received: NaN. Try the network in float32.")
        length = np.sqrt(np.mean(gradients**2, axis=(1, 2, 3), keepdims=True))
        uphill = gradients / np.where(length > 0, length, 1)
        held = _VARIATION * variation_gradient(images) + _GRAY * (images - _MIDDLE) / _MIDDLE
        images = (images + _RATE * (uphill - held)).clip(0, 255).astype("float32")
    values, _ = climb(images, filters)
    return images, noise, values


def _start(climb, filters, draw):
    """A noise for each filter, and the filter's strongest value on it."""
    images, noise = np.empty((len(filters), *draw.shape), "float32"), np.zeros(len(filters), "float32")
    for deviation in _NOISES:
        silent = np.flatnonzero(noise <= 0)
        if not len(silent):
            break
        images[silent] = (_MIDDLE + deviation * draw).clip(0, 255)
        noise[silent], _ = climb(images[silent], filters[silent])
    return images, noise


def _climber(network: Network, layer: str) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A function from inputs (n, H, W, C) and the filter of each to its strongest values and its mean's gradients."""
    signature = [tf.TensorSpec((None, *network.input_shape), tf.float32), tf.TensorSpec((None,), tf.int32)]

    @tf.function(input_signature=signature, autograph=False)
    def run(images, filters):
        tape = tf.GradientTape(watch_accessed_variables=False)
        with tape, capture(network.model, layer) as captured:
            tape.watch(images)
            network.model(images, training=False)
            maps = tf.gather(tf.cast(captured.output, tf.float32), filters, axis=3, batch_dims=1)
            # The gradient's length does not count, and a sum's is large enough for 16 bits.
            total = tf.reduce_sum(maps)
        gradients = tape.gradient(total, images)
        return tf.reduce_max(maps, axis=(1, 2)), gradients

    return lambda images, filters: tuple(one.numpy() for one in run(images, filters))


def variation_gradient(images: np.ndarray) -> np.ndarray:
    """How the total variation of images (n, H, W, C) changes with each gray level: float of that shape, −4 to 4.

    Of ``sum(sqrt(d² + 1))`` over the differences ``d`` of neighbours, in gray levels.
    """
    gradient = np.zeros_like(images)
    for axis in (1, 2):
        difference = np.diff(images, axis=axis)
        slope = difference / np.sqrt(difference**2 + 1)
        first, last = ([slice(None)] * 4 for _ in range(2))
        first[axis], last[axis] = slice(None, -1), slice(1, None)
        gradient[tuple(last)] += slope
        gradient[tuple(first)] -= slope
    return gradient

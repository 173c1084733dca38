"""Training films that wait on the GPU: each step is told which ones and how they are warped, so none is waited for."""

import keras
import numpy as np
import tensorflow as tf

LIMIT = 4 << 30


def fit_on_device(pixels: np.ndarray) -> bool:
    """Whether there is exactly one GPU and the films, at most 4 GiB, leave it room for the network."""
    return len(tf.config.list_logical_devices("GPU")) == 1 and pixels.nbytes <= LIMIT


class DeviceFilms(keras.Model):
    """A network whose training takes ((rows, transforms), targets, weights) from ``data.pipeline.index_batches``.

    It shares the layers of ``trainee``, a functional model from films (batch, size, size, 1), and is compiled and
    fitted in its place.
    """

    def __init__(self, trainee: keras.Model, pixels: np.ndarray):
        """``pixels`` (films, size, size) uint8 are copied to the device."""
        super().__init__(trainee.input, trainee.output, name=trainee.name)
        self._films = tf.constant(pixels)

    def train_step(self, data: tuple) -> dict:
        """One step, as Keras's own, on the films that ``data`` names."""
        (rows, transforms), targets, weights = data
        films = warp_on_device(tf.gather(self._films, rows), transforms)
        return super().train_step((films, targets, weights))


def warp_on_device(films: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """``data.augment.warp`` in operations that XLA compiles: bilinear, black outside.

    Args:
        films: (batch, height, width) uint8.
        transforms: (batch, 8) float32.

    Returns:
        (batch, height, width, 1) float32, gray levels 0–255.
    """
    height, width = films.shape[1:]
    down, across = (tf.range(side, dtype=tf.float32) for side in (height, width))
    a0, a1, a2, b0, b1, b2 = (transforms[:, index, None, None] for index in range(6))
    x = a0 * across + a1 * down[:, None] + a2
    y = b0 * across + b1 * down[:, None] + b2
    left, top = tf.floor(x), tf.floor(y)
    flat = tf.reshape(films, (-1, height * width))

    def levels(column: tf.Tensor, row: tf.Tensor) -> tf.Tensor:
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        place = tf.clip_by_value(row, 0, height - 1) * width + tf.clip_by_value(column, 0, width - 1)
        found = tf.gather(flat, tf.reshape(tf.cast(place, tf.int32), (-1, height * width)), batch_dims=1)
        return tf.where(inside, tf.cast(tf.reshape(found, (-1, height, width)), tf.float32), 0.0)

    right, under = x - left, y - top
    upper = (1 - right) * levels(left, top) + right * levels(left + 1, top)
    lower = (1 - right) * levels(left, top + 1) + right * levels(left + 1, top + 1)
    return ((1 - under) * upper + under * lower)[..., tf.newaxis]

"""Mixup: films and targets of a batch, each mixed with those of another (Zhang et al., mixup, ICLR 2018)."""

import numpy as np
import tensorflow as tf


def mix(batches: tf.data.Dataset, alpha: float, seed: int, epoch: int) -> tf.data.Dataset:
    """Mix each film x of a batch with another one of it: λ x + (1 − λ) x′, and so targets and weights.

    Args:
        batches: Of (films (batch, …) float32, targets (batch, …) float32, weights (batch,) float32).
        alpha: λ is drawn from Beta(alpha, alpha), one a batch.
        seed, epoch: Decide, with the number of the batch, λ and the pairs.
    """

    def draw(number: np.int64, films: np.int32) -> tuple[np.ndarray, np.ndarray]:
        draws = np.random.default_rng([seed, epoch, 5, int(number)])
        return np.float32(draws.beta(alpha, alpha)), draws.permutation(films).astype(np.int32)

    def mixed(number, batch):
        share, partners = tf.numpy_function(draw, [number, tf.shape(batch[0])[0]], [tf.float32, tf.int32])
        share = tf.ensure_shape(share, ())
        partners = tf.ensure_shape(partners, (None,))
        return tuple(share * part + (1 - share) * tf.gather(part, partners) for part in batch)

    return batches.enumerate().map(lambda number, batch: mixed(number, batch), num_parallel_calls=tf.data.AUTOTUNE)

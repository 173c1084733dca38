"""Decoded films to ``tf.data`` batches, the same from (seed, epoch) at every run."""

import numpy as np

from keras_cxr.data.augment import Augmentation, draw_transforms, warp


def training_batches(
    pixels: np.ndarray,
    rows: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    *,
    batch_size: int,
    seed: int,
    epoch: int,
    augmentation: Augmentation,
):
    """Shuffled, augmented batches of one epoch.

    Args:
        pixels: (films, size, size) uint8.
        rows: (n,) row numbers of the films to train on.
        targets: (n,) or (n, classes) float32, or (n,) class numbers.
        weights: (n,) float32 weight of each film in the loss.
        batch_size: Films a batch; the last one may be smaller.
        seed, epoch: Decide order and augmentation, element by element.
        augmentation: Ranges of rotation, zoom and flip.

    Returns:
        A ``tf.data.Dataset`` of (films (batch, size, size, 1) float32 0–255, targets, weights).
    """
    import tensorflow as tf

    batches = index_batches(
        rows,
        targets,
        weights,
        batch_size=batch_size,
        seed=seed,
        epoch=epoch,
        augmentation=augmentation,
        side=pixels.shape[1],
    )

    def load(drawn, target, weight):
        rows, transforms = drawn
        films = gather_films(pixels, rows)
        return (warp(films, transforms) if augmentation.active else films), target, weight

    return batches.map(load, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def index_batches(
    rows: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    *,
    batch_size: int,
    seed: int,
    epoch: int,
    augmentation: Augmentation,
    side: int,
):
    """The batches of ``training_batches`` with each film named instead of shown.

    Returns:
        A ``tf.data.Dataset`` of ((rows (batch,), transforms (batch, 8) for films of ``side`` pixels), targets,
        weights).
    """
    import tensorflow as tf

    order = _order(len(rows), seed, epoch)
    transforms = draw_transforms(augmentation, len(rows), side, seed, epoch)[order]
    parts = ((rows[order], transforms), targets[order], weights[order])
    return tf.data.Dataset.from_tensor_slices(parts).batch(batch_size)


def plain_batches(pixels: np.ndarray, rows: np.ndarray, batch_size: int):
    """Batches of the films in ``rows``, (batch, size, size, 1) float32 0–255, in order and unaugmented."""
    import tensorflow as tf

    batches = tf.data.Dataset.from_tensor_slices(rows).batch(batch_size)
    return batches.map(lambda rows: gather_films(pixels, rows), num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)


def array_batches(
    features: np.ndarray, targets: np.ndarray, weights: np.ndarray, *, batch_size: int, seed: int, epoch: int
):
    """Shuffled batches (features, targets, weights) of one epoch, in the order of ``training_batches``."""
    import tensorflow as tf

    order = _order(len(features), seed, epoch)
    batches = tf.data.Dataset.from_tensor_slices((features[order], targets[order], weights[order]))
    return batches.batch(batch_size).prefetch(tf.data.AUTOTUNE)


def _order(films: int, seed: int, epoch: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch, 1]).permutation(films)


def gather_films(pixels: np.ndarray, rows):
    """The films in ``rows`` (n,), as (n, size, size, 1) float32 0–255."""
    import tensorflow as tf

    # From the array in place: as a TensorFlow constant the films would be copied, and a memory map read whole.
    films = tf.numpy_function(lambda rows: pixels[rows], [rows], tf.uint8, stateful=False)
    return tf.cast(tf.ensure_shape(films, (None, *pixels.shape[1:])), tf.float32)[..., tf.newaxis]

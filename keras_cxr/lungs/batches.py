"""Films and masks to augmented batches: one warp for both, and another exposure for the film."""

import numpy as np

from keras_cxr.data.augment import Augmentation, draw_transforms, warp

GEOMETRY = Augmentation(rotation=15.0, zoom=0.25, flip=True)
# Share by which films are made wider or narrower: published sets are often squeezed to a square.
STRETCH = 0.15
# Of the exposure: offset as a share of the gray scale, factor about its middle, and exponent of the gray curve.
BRIGHTNESS, CONTRAST, GAMMA = 0.1, 0.25, 0.5
# Smooth light and shade laid over the film, as a share of the gray scale, drawn on a grid of so many points a side:
# soft tissue and grids do so on bedside films, and the network's standardisation evens out only the whole.
SHADE, GRID = 0.25, 4


def training_batches(films: np.ndarray, masks: np.ndarray, rows: np.ndarray, *, batch_size: int, seed: int, epoch: int):
    """Shuffled, augmented batches of one epoch, the same from (seed, epoch) at every run.

    Args:
        films, masks: (films, size, size) uint8, 0–255.
        rows: (n,) row numbers to train on.
        batch_size: Films a batch; the last one may be smaller.
        seed, epoch: Decide order and augmentation, film by film.

    Returns:
        A ``tf.data.Dataset`` of (films (batch, size, size, 1) float32 0–255, masks of that form 0–1).
    """
    import tensorflow as tf

    size = films.shape[1]
    order = np.random.default_rng([seed, epoch, 1]).permutation(len(rows))
    draws = 2 * np.random.default_rng([seed, epoch, 2]).random((len(rows), 4)) - 1
    transforms = stretch(draw_transforms(GEOMETRY, len(rows), size, seed, epoch), 1 + STRETCH * draws[:, 0], size)
    exposures = np.stack([BRIGHTNESS * draws[:, 1], 1 + CONTRAST * draws[:, 2], np.exp(GAMMA * draws[:, 3])], axis=1)
    shades = SHADE * (2 * np.random.default_rng([seed, epoch, 3]).random((len(rows), GRID, GRID, 1)) - 1)
    parts = rows[order], transforms[order], exposures[order].astype(np.float32), shades[order].astype(np.float32)

    def load(rows, transforms, exposures, shades):
        pair = tf.numpy_function(
            lambda rows: np.stack([films[rows], masks[rows]], -1), [rows], tf.uint8, stateful=False
        )
        pair = tf.cast(tf.ensure_shape(pair, (None, size, size, 2)), tf.float32) / 255
        exposed = _expose(pair[..., :1], exposures, tf.image.resize(shades, (size, size), "bicubic"))
        pair = warp(tf.concat([exposed, pair[..., 1:]], -1), transforms)
        return pair[..., :1] * 255, pair[..., 1:]

    batches = tf.data.Dataset.from_tensor_slices(parts).batch(batch_size)
    return batches.map(load, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)


def stretch(transforms: np.ndarray, factors: np.ndarray, size: int) -> np.ndarray:
    """Transforms (n, 8) of ``data.augment`` after a widening about the film's centre; a factor above 1 narrows."""
    centre = (size - 1) / 2
    stretched = transforms.copy()
    for across, offset in ((0, 2), (3, 5)):
        stretched[:, across] = transforms[:, across] * factors
        stretched[:, offset] = transforms[:, offset] + transforms[:, across] * centre * (1 - factors)
    return stretched


def _expose(films, exposures, shades):
    """Other gray curve, contrast and light of films 0–1; exposures (batch, 3): offset, factor, exponent."""
    import tensorflow as tf

    offset, factor, exponent = (exposures[:, part, None, None, None] for part in range(3))
    return tf.clip_by_value((films**exponent - 0.5) * factor + 0.5 + offset + shades, 0.0, 1.0)

"""The pixel mean and deviation of the training films, measured in one pass and fixed in the network's first layer."""

import keras
import numpy as np

from keras_cxr.errors import UsageError


def pixel_statistics(pixels: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    """Mean and variance of the gray levels, in units of 255, of the films in ``rows`` of ``pixels`` (uint8).

    From counts of the 256 levels, film by film: exact, whatever the number of films, and they may lie on disk.
    """
    counts = np.zeros(256, np.int64)
    for row in rows:
        counts += np.bincount(pixels[row].ravel(), minlength=256)
    levels = np.arange(256) / 255
    mean = (counts @ levels) / counts.sum()
    return float(mean), float((counts @ (levels - mean) ** 2) / counts.sum())


def fix_normalization(network: keras.Model, mean: float, variance: float) -> None:
    """Let the network subtract ``mean`` and divide by the deviation, in place of statistics learnt from batches.

    Raises:
        UsageError: The network's body was not made to learn them.
    """
    layer = next((layer for layer in network.layers if layer.name == "normalize"), None)
    if not isinstance(layer, keras.layers.BatchNormalization):
        raise UsageError(
            f"The 'normalization' setting (--normalization) must be 'batch' for {network.name}, whose input is "
            "prepared as its weights expect. Received: dataset."
        )
    # Not trained, batch normalization is (x − mean) / sqrt(variance + epsilon).
    layer.trainable = False
    layer.gamma.assign(np.ones(layer.gamma.shape))
    layer.beta.assign(np.zeros(layer.beta.shape))
    layer.moving_mean.assign(np.full(layer.moving_mean.shape, mean))
    layer.moving_variance.assign(np.full(layer.moving_variance.shape, variance - layer.epsilon))

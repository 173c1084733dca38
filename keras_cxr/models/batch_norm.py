"""BatchNorm statistics of another hospital's films, without labels.

Li et al., "Revisiting Batch Normalization For Practical Domain Adaptation", 2016 (AdaBN); mixed with the training
statistics after Schneider et al., NeurIPS 2020.
"""

from collections.abc import Iterable

import keras
import numpy as np
from keras import ops


def batch_norm_layers(network: keras.Model) -> list[keras.layers.BatchNormalization]:
    """Every BatchNorm layer of a network, also those of a backbone in it, frozen or not."""
    return [layer for layer in network._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]


def adapt_batch_norm(network: keras.Model, batches: Iterable[np.ndarray], training_share: float = 0.0) -> int:
    """Replace the mean and variance of every BatchNorm layer, in place, by those of some films' feature maps.

    In one pass each batch is normalised by its own statistics, and the statistics of all batches are pooled; mean and
    variance of a network's first BatchNorm layer are therefore exact, those of later ones as exact as a batch stands
    for all films. Batches must be drawn by chance: films in the order of their classes would be normalised by class.

    Args:
        network: Changed.
        batches: Films (batch, size, size, 1) 0–255.
        training_share: Between 0 and 1, the share of the training statistics in mean and variance.

    Returns:
        How many layers were changed; 0 where the network has none.
    """
    layers = batch_norm_layers(network)
    pooled = [_Pooled(layer, training_share) for layer in layers]
    try:
        for batch in batches if layers else ():
            network(ops.cast(batch, "float32"), training=False)
    finally:
        for one in pooled:
            del one.layer.call
    for one in pooled:
        one.finish()
    return len(layers)


class _Pooled:
    """A layer that normalises by its batch for the time being, and the statistics of all batches so far."""

    def __init__(self, layer: keras.layers.BatchNormalization, training_share: float):
        self.layer, self._share = layer, training_share
        self._own = [variable.numpy() for variable in (layer.moving_mean, layer.moving_variance)]
        self._count, self._mean, self._squares = 0, 0.0, 0.0
        self._call = layer.call
        layer.call = self

    def __call__(self, inputs, training=None, mask=None):
        axes = [axis for axis in range(len(inputs.shape)) if axis != self.layer.axis % len(inputs.shape)]
        mean, variance = (one.numpy().astype("float64") for one in ops.moments(ops.cast(inputs, "float32"), axes))
        count = np.prod([inputs.shape[axis] for axis in axes])
        # Chan, Golub & LeVeque 1983: sums of squares about the mean, a batch at a time.
        total, gap = self._count + count, mean - self._mean
        self._squares = self._squares + variance * count + gap**2 * self._count * count / total
        self._mean, self._count = self._mean + gap * count / total, total
        self._set(mean, variance)
        return self._call(inputs, training=False)

    def finish(self) -> None:
        """Leave the pooled statistics in the layer, or its own where no batch came."""
        if self._count:
            self._set(self._mean, self._squares / self._count)

    def _set(self, mean: np.ndarray, variance: np.ndarray) -> None:
        old_mean, old_variance = self._own
        self.layer.moving_mean.assign(self._share * old_mean + (1 - self._share) * mean)
        self.layer.moving_variance.assign(self._share * old_variance + (1 - self._share) * variance)

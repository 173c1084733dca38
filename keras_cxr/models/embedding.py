"""Films to feature vectors: what a network makes of a film before its classifier, or at any layer."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_cxr.errors import UsageError, unknown_name
from keras_cxr.models.freeze import backbone
from keras_cxr.models.trunk import CUT

_AVERAGES = {3: layers.GlobalAveragePooling1D, 4: layers.GlobalAveragePooling2D}


def default_layer(network: keras.Model) -> str:
    """The pooled features of a network on a backbone; of another the layer before its logits."""
    names = [one.name for one in network.operations]
    if backbone(network) is not None and CUT in names:
        return CUT
    return names[names.index("logits") - 1]


def embedding(network: keras.Model, layer: str) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """A function, compiled once, from films (n, size, size, 1) 0–255 to vectors (n, width) and logits (n, units).

    Args:
        network: Of this package.
        layer: The layer whose output is taken, also one of the backbone; maps are averaged over the plane.

    Raises:
        UsageError: No such layer, or one whose output is no vector and no map.
    """
    output = _output(network, layer)
    if len(output.shape) in _AVERAGES:
        output = _AVERAGES[len(output.shape)](dtype="float32", name="average")(output)
    if len(output.shape) != 2:
        raise UsageError(
            f"The layer must give a vector, or maps to average. Received: '{layer}' with shape {output.shape}."
        )
    model = keras.Model(network.input, [output, network.get_layer("logits").output], name="embedding")

    @tf.function(input_signature=[tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)])
    def run(films):
        return [tf.cast(one, tf.float32) for one in model(films, training=False)]

    return lambda films: tuple(one.numpy() for one in run(tf.cast(films, tf.float32)))


def _output(network: keras.Model, layer: str) -> keras.KerasTensor:
    inner = backbone(network)
    outer = {one.name: one for one in network.operations}
    if layer in outer:
        return outer[layer].output
    nested = {one.name: one for one in inner.operations} if inner is not None else {}
    if layer not in nested:
        raise unknown_name("layer", layer, [*outer, *nested], f"The default is '{default_layer(network)}'.")
    # What stands before the backbone is a chain; its last link is what the backbone sees.
    seen = network.operations[network.operations.index(inner) - 1].output
    return keras.Model(inner.input, nested[layer].output, name="inside")(seen)

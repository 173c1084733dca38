"""Films to logits, compiled once: on a CPU faster and steadier than ``Model.predict``, and without its messages."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf


def logits_model(network: keras.Model) -> keras.Model:
    """The network up to its scores before the last activation; it shares the network's layers."""
    return keras.Model(network.input, network.get_layer("logits").output, name=f"{network.name}_logits")


def forward(network: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """A function from films (batch, size, size, 1), any number type 0–255, to logits (batch, units) float32.

    Units are one for two classes and the number of classes otherwise. The batch may have any length; a new length
    does not compile again.
    """
    model = logits_model(network)
    size = network.input_shape[1:]

    @tf.function(input_signature=[tf.TensorSpec((None, *size), tf.float32)])
    def run(films):
        return tf.cast(model(films, training=False), tf.float32)

    return lambda films: run(tf.cast(films, tf.float32)).numpy()

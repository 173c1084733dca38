"""A network on a frozen backbone in two: the trunk, films to pooled features, and the head, features to logits."""

import hashlib
import re
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_cxr import __version__
from keras_cxr.models.freeze import is_frozen

CUT = "pool"


def has_frozen_trunk(network: keras.Model) -> bool:
    """Whether the network can be cut at its pooled features, and nothing before them is trained."""
    return is_frozen(network) and any(layer.name == CUT for layer in network.layers)


def trunk_of(network: keras.Model) -> keras.Model:
    """From films to the pooled features (batch, width); it shares the network's layers."""
    return keras.Model(network.input, network.get_layer(CUT).output, name="trunk")


def head_of(network: keras.Model) -> keras.Model:
    """From the pooled features (batch, width) to the logits; it shares the network's layers."""
    return keras.Model(network.get_layer(CUT).output, network.get_layer("logits").output, name="head")


def features(trunk: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """A function, compiled once, from films (batch, size, size, 1) 0–255 to features (batch, width) float32."""

    @tf.function(input_signature=[tf.TensorSpec((None, *trunk.input_shape[1:]), tf.float32)])
    def run(films):
        return tf.cast(trunk(films, training=False), tf.float32)

    return lambda films: run(tf.cast(films, tf.float32)).numpy()


def trunk_digest(trunk: keras.Model) -> str:
    """Of everything that decides the features: layers, weights, precision and the program that computes them."""
    # Keras numbers its inputs anew in each process.
    layers = re.sub(r"input_layer(_\d+)?", "input_layer", trunk.to_json())
    versions = f"{tf.__version__} {keras.__version__} {__version__}"
    digest = hashlib.sha256(f"{layers} {trunk.output.dtype} {versions}".encode())
    for variable in trunk.variables:
        digest.update(np.ascontiguousarray(variable.numpy()))
    return digest.hexdigest()

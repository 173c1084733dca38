"""A network's feature vectors, and its scores from feature vectors that were changed on the way."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_cxr.models.embedding import default_layer, embedding


def features_and_head(
    network: keras.Model,
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """The network in two functions, at ``embedding.default_layer``.

    Returns:
        From films (n, size, size, 1) 0–255 to vectors (n, width) float32, and from vectors to logits (n, units).
    """
    layer = default_layer(network)
    whole = embedding(network, layer)
    head = keras.Model(network.get_layer(layer).output, network.get_layer("logits").output, name="head")
    run = tf.function(
        lambda vectors: tf.cast(head(vectors, training=False), tf.float32),
        input_signature=[tf.TensorSpec((None, head.input_shape[-1]), tf.float32)],
    )
    return lambda films: whole(films)[0], lambda vectors: run(vectors).numpy()

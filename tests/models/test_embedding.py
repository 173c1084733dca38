"""Vectors of any layer against Keras models cut by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_cxr.errors import UsageError
from keras_cxr.models.embedding import default_layer, embedding


@pytest.fixture(scope="module")
def nested():
    """A backbone of two layers between preprocessing and head."""
    start = keras.Input((16, 16, 3))
    maps = layers.Conv2D(4, 3, activation="relu", name="first")(start)
    backbone = keras.Model(start, layers.Conv2D(5, 3, name="second")(maps), name="backbone")
    gray = keras.Input((16, 16, 1), name="gray")
    seen = layers.Concatenate(name="repeat")([layers.Rescaling(1 / 255, name="rescale")(gray)] * 3)
    x = layers.GlobalAveragePooling2D(name="pool")(backbone(seen))
    x = layers.Dropout(0.5, name="dropout")(layers.Dense(7, name="features")(x))
    logits = layers.Dense(1, name="logits")(x)
    return keras.Model(gray, layers.Activation("sigmoid", name="probability")(logits)), backbone


@pytest.fixture(scope="module")
def films():
    return np.random.default_rng(0).integers(256, size=(5, 16, 16, 1)).astype("uint8")


def test_layers_inside_and_outside_of_the_backbone(nested, films):
    network, backbone = nested
    seen = np.repeat(films / 255, 3, axis=3).astype("float32")
    first = backbone.get_layer("first")(seen).numpy()
    second = backbone(seen).numpy()
    features = network.get_layer("features")(second.mean(axis=(1, 2))).numpy()
    p = network(films.astype("float32")).numpy()
    expected = {"first": first.mean(axis=(1, 2)), "second": second.mean(axis=(1, 2)), "pool": second.mean(axis=(1, 2))}
    for layer, vectors in {**expected, "features": features, "dropout": features}.items():
        found, logits = embedding(network, layer)(films)
        np.testing.assert_allclose(found, vectors, atol=1e-5, err_msg=layer)
        np.testing.assert_allclose(1 / (1 + np.exp(-logits)), p, atol=1e-5)


def test_default_is_the_pooled_features_or_what_the_classifier_sees(nested, tiny_model):
    assert default_layer(nested[0]) == "pool"
    network = tiny_model.network()
    layer = default_layer(network)
    found, logits = embedding(network, layer)(np.full((2, 64, 64, 1), 90, "uint8"))
    kernel, bias = network.get_layer("logits").get_weights()
    np.testing.assert_allclose(found @ kernel + bias, logits, atol=1e-4)


def test_unknown_layer(nested):
    with pytest.raises(UsageError, match=r"Did you mean 'second'.*default is 'pool'"):
        embedding(nested[0], "secnd")

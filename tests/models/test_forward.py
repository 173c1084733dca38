"""Films to logits: held against the network's own probabilities."""

import keras
import numpy as np
import pytest

from keras_cxr.models import build
from keras_cxr.models.forward import forward, logits_model

FILMS = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", ["uint8", "float32", "float64", "int64"])
def test_logits(classes, kind):
    network = build("lenet5", classes, size=32)
    logits = forward(network)(FILMS.astype(kind))
    assert logits.dtype == np.float32
    assert logits.shape == (5, 1 if classes == 2 else 3)
    p = network.predict(FILMS.astype("float32"), verbose=0)
    if classes == 2:
        expected = 1 / (1 + np.exp(-logits))
    else:
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(p, expected, atol=1e-5)


def test_any_number_of_films():
    run = forward(build("lenet5", 2, size=32))
    whole = run(FILMS)
    for count in (1, 2, 5):
        assert np.allclose(run(FILMS[:count]), whole[:count], atol=1e-5)


def test_no_dropout():
    run = forward(build("lenet5", 2, size=32, dropout=0.9))
    assert np.array_equal(run(FILMS), run(FILMS))


def test_weights_are_those_of_the_moment():
    network = build("lenet5", 2, size=32)
    run = forward(network)
    before = run(FILMS)
    network.get_layer("logits").bias.assign([1.0])
    assert np.allclose(run(FILMS), before + 1, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_gives_float32(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        network = build("lenet5", 2, size=32)
    finally:
        keras.config.set_dtype_policy(before)
    logits = forward(network)(FILMS)
    assert logits.dtype == np.float32
    assert np.isfinite(logits).all()


def test_layers_are_shared():
    network = build("lenet5", 2, size=32)
    assert logits_model(network).get_layer("c1") is network.get_layer("c1")

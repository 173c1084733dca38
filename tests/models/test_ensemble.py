"""One network of several: the mean of their calibrated probabilities, also when Keras alone has loaded it."""

import re
import zipfile

import keras
import numpy as np
import pytest
from keras import layers
from scipy.special import expit, softmax

from keras_cxr.models.ensemble import ensemble
from keras_cxr.models.forward import forward
from keras_cxr.models.freeze import backbone
from keras_cxr.models.layers import classify, gray_input
from keras_cxr.models.network import build

SIZE, TEMPERATURES = 32, [1.7, 0.4, 1.0]


def on_backbone(classes, seed, of_backbone):
    """A network on a small frozen backbone that is drawn from ``of_backbone``, with a head drawn from ``seed``."""
    keras.utils.set_random_seed(of_backbone)
    inner = keras.Sequential([keras.Input((SIZE, SIZE, 1)), layers.Conv2D(4, 3), layers.BatchNormalization()])
    inner.trainable = False
    keras.utils.set_random_seed(seed)
    gray = gray_input(SIZE)
    pool = layers.GlobalAveragePooling2D(name="pool")(inner(gray, training=False))
    network = keras.Model(gray, classify(layers.Dense(8)(pool), classes))
    # Scores far from 0, or every probability would be a half.
    network.get_layer("logits").bias.assign(np.linspace(3, 12, network.output_shape[-1]) * (-1) ** seed)
    return network


def scratch(classes, seed):
    keras.utils.set_random_seed(seed)
    return build("lenet5", classes=classes, size=SIZE)


KINDS = {
    "scratch": scratch,
    "one backbone": lambda classes, seed: on_backbone(classes, seed, of_backbone=9),
    "backbones of their own": lambda classes, seed: on_backbone(classes, seed, of_backbone=seed),
}


@pytest.mark.parametrize(
    ("kind", "classes"), [("scratch", 2), ("scratch", 4), ("one backbone", 2), ("backbones of their own", 4)]
)
def test_mean_of_calibrated_probabilities(kind, classes):
    networks = {f"fold-{seed}": KINDS[kind](classes, seed) for seed in (1, 2, 3)}
    films = np.random.default_rng(0).integers(0, 256, (5, SIZE, SIZE, 1)).astype("float32")
    scores = [forward(one)(films).astype("float64") / t for one, t in zip(networks.values(), TEMPERATURES, strict=True)]
    expected = np.mean([expit(score) if classes == 2 else softmax(score, axis=1) for score in scores], axis=0)
    whole = ensemble(networks, TEMPERATURES)
    assert np.allclose(whole(films, training=False), expected, atol=1e-6)
    logits = forward(whole)(films)
    assert np.allclose(expit(logits) if classes == 2 else softmax(logits, axis=1), expected, atol=1e-6)
    inner = sum(backbone(model) is not None for model in [whole, *whole.layers] if isinstance(model, keras.Model))
    assert inner == {"scratch": 1, "one backbone": 2, "backbones of their own": 4}[kind]


def test_probabilities_near_one_keep_their_digits():
    networks = {f"fold-{seed}": scratch(2, seed) for seed in (1, 2)}
    for network in networks.values():
        network.get_layer("logits").bias.assign([30.0])
    films = np.zeros((1, SIZE, SIZE, 1), np.float32)
    scores = np.array([forward(one)(films)[0, 0] for one in networks.values()], "float64")
    # log(p / (1 - p)) of the mean p, in float64
    expected = -np.log(expit(-scores).mean())
    assert forward(ensemble(networks, [1.0, 1.0]))(films)[0, 0] == pytest.approx(expected, rel=1e-4)


def test_plain_keras_loads_it(tmp_path):
    whole = ensemble({f"fold-{seed}": scratch(3, seed) for seed in (1, 2)}, [0.5, 2.0])
    films = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 1)).astype("float32")
    whole.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as content:
        assert set(re.findall(r'"module": "(\w+)', content.read("config.json").decode())) == {"keras"}
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert np.allclose(again(films, training=False), whole(films, training=False), atol=1e-6)

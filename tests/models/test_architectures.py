"""Each architecture against its published parameter count and layer table."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from keras_cxr.cli.models import models as models_command
from keras_cxr.models import build
from keras_cxr.models.registry import Plan, architectures, find
from keras_cxr.models.spatial import spatial_layers

NAMES = list(architectures())


@pytest.mark.parametrize(
    ("name", "options", "parameters"),
    [
        ("lmap3", {"classes": 4}, 287_688),
        ("alexnet", {"classes": 4}, 21_574_344),
        ("vgg19", {"classes": 4}, 20_026_448),
        # keras.applications publishes 14,714,688 without top; 12 of BatchNorm, 512 x 4 + 4 of the classifier.
        ("vgg16", {"classes": 4}, 14_714_688 + 12 + 2_052),
        # LeCun's network in its usual form for ten classes, and 4 of BatchNorm.
        ("lenet5", {"classes": 10, "size": 32}, 61_706 + 4),
        # keras.applications publishes 23,587,712 without top; 2048 x 512 + 512 and 512 + 1 of the head.
        ("resnet50", {"classes": 2, "size": 32}, 23_587_712 + 1_049_088 + 513),
    ],
)
def test_published_parameter_count(name, options, parameters):
    network = build(name, weights="none", **options)
    assert network.count_params() == parameters
    assert network.name == name
    assert not network.compiled


@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        (
            "lmap3",
            {"conv1": (222, 32), "pool2": (54, 32), "conv4": (24, 64), "pool5": (5, 64)},
        ),
        ("alexnet", {"conv1": (56, 96), "pool1": (27, 96), "conv2": (7, 256), "pool2": (3, 256), "conv5": (1, 256)}),
        ("lenet5", {"c1": (220, 6), "s2": (110, 6), "c3": (106, 16), "s4": (53, 16), "c5": (49, 120)}),
    ],
)
def test_layer_table_at_224(name, shapes):
    network = build(name, classes=2)
    for layer, (side, maps) in shapes.items():
        assert network.get_layer(layer).output.shape == (None, side, side, maps), layer


@pytest.mark.parametrize("name", ["alexnet", "lenet5", "lmap3", "vgg16"])
def test_smallest_size_is_the_smallest(name):
    architecture = find(name)
    build(name, classes=2, size=architecture.smallest, weights="none")
    plan = Plan(name, 2, architecture.smallest - 1, architecture.channels, None, None, 0.5)
    with pytest.raises(ValueError):  # noqa: PT011 - Keras' own, which differs from layer to layer
        architecture.build(plan)


@pytest.mark.parametrize(("classes", "units", "activation"), [(2, 1, "sigmoid"), (3, 3, "softmax")])
@pytest.mark.parametrize("channels", [1, 3])
def test_ends_and_channels(classes, units, activation, channels):
    network = build("lenet5", classes, size=32, channels=channels, dropout=0.25)
    *_, dropout, logits, probability = network.layers
    assert network.input_shape == (None, 32, 32, 1)
    assert network.get_layer("c1").kernel.shape[2] == channels
    assert (logits.name, logits.units, logits.activation) == ("logits", units, keras.activations.linear)
    assert (probability.name, probability.activation.__name__) == ("probability", activation)
    assert dropout.rate == 0.25


def test_vgg_keeps_the_signal_alive():
    """He's initialization: the spread of the last maps is that of the first, not a thousandth of it."""
    keras.utils.set_random_seed(0)
    network = build("vgg19", classes=2, size=64)
    body = network.get_layer("vgg19")
    assert len(body.trainable_weights) == 32
    maps = keras.Model(body.input, [body.get_layer("block1_conv1").output, body.get_layer("block5_conv4").output])
    first, last = maps(np.random.default_rng(0).normal(size=(1, 64, 64, 3)).astype("float32"))
    assert 0.2 < np.std(last) / np.std(first) < 5


@pytest.mark.parametrize("name", ["lenet5", "lmap3", "resnet50", "vgg16"])
def test_saved_network_loads_with_plain_keras(name, tmp_path):
    network = build(name, classes=3, size=max(32, find(name).smallest), weights="none")
    film = np.random.default_rng(1).integers(0, 256, (2, *network.input_shape[1:])).astype("float32")
    network.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects={}, safe_mode=True)
    np.testing.assert_allclose(loaded(film), network(film), atol=1e-6)
    assert spatial_layers(loaded) == spatial_layers(network)


def test_every_field_of_an_architecture_is_filled():
    for architecture in architectures().values():
        assert all(value != "" for value in dataclasses.astuple(architecture))
        assert (architecture.weights == "none") or architecture.pretrained


def test_models_command_lists_all():
    result = CliRunner().invoke(models_command, ["--json"], catch_exceptions=False)
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert list(rows) == NAMES
    assert rows["lmap3"]["parameters"] == 287_688 - 3 * 65
    assert {name: row["feature_layer"] for name, row in rows.items()} == {
        "alexnet": "pool2",
        "lenet5": "c5",
        "lmap3": "pool5",
        "resnet50": "conv5_block3_out",
        "vgg16": "block5_pool",
        "vgg19": "block5_pool",
    }

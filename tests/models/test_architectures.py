"""Each architecture against its published parameter count and layer table."""

import dataclasses
import itertools
import json

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from keras_cxr.cli.models import models as models_command
from keras_cxr.models import build
from keras_cxr.models.architecture import Plan
from keras_cxr.models.freeze import backbone
from keras_cxr.models.registry import architectures, find
from keras_cxr.models.spatial import spatial_layers

NAMES = list(architectures())


def _vgg_small_parameters(size, channels):
    """Closed form: a 3×3 convolution has (9·in + 1)·out weights, a separable one 9·in + (in + 1)·out."""
    total, before = (9 * channels + 1) * 16 + (9 * 16 + 1) * 16, 16
    for width in (32, 64, 128, 256):
        total += 9 * before + (before + 1) * width + 9 * width + (width + 1) * width + 4 * width
        before = width
    units = [(size // 32) ** 2 * 256, 512, 128, 64, 1]
    return total + sum((given + 1) * made for given, made in itertools.pairwise(units))


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
        # torchvision publishes 11,689,512 and 21,797,672; 12 of the input's BatchNorm, and two moving averages of each
        # of the 4,800 and 8,512 maps, which torchvision does not count.
        ("resnet18", {"classes": 1000, "channels": 3}, 11_689_512 + 12 + 2 * 4_800),
        ("resnet34", {"classes": 1000, "channels": 3}, 21_797_672 + 12 + 2 * 8_512),
        ("resnet34-gelu", {"classes": 1000, "channels": 3}, 21_797_672 + 12 + 2 * 8_512),
        ("vgg-small", {"classes": 2, "size": 150, "channels": 3}, _vgg_small_parameters(150, 3) + 12),
        ("cnn-small", {"classes": 4}, 320 + 18_496 + 73_856 + (26 * 26 * 128 + 1) * 128 + 129 * 4),
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
        ("cnn-small", {"conv1": (222, 32), "pool1": (111, 32), "conv3": (52, 128), "pool3": (26, 128)}),
        (
            "vgg-small",
            {"block1_conv2": (224, 16), "block2_pool": (56, 32), "block5_bn": (14, 256), "block5_pool": (7, 256)},
        ),
        ("lenet5", {"c1": (220, 6), "s2": (110, 6), "c3": (106, 16), "s4": (53, 16), "c5": (49, 120)}),
    ],
)
def test_layer_table_at_224(name, shapes):
    network = build(name, classes=2)
    for layer, (side, maps) in shapes.items():
        assert network.get_layer(layer).output.shape == (None, side, side, maps), layer


@pytest.mark.parametrize("name", ["alexnet", "cnn-small", "lenet5", "lmap3", "vgg-small", "vgg16"])
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


@pytest.mark.parametrize("name", ["cnn-small", "lenet5", "lmap3", "resnet50", "resnet18", "vgg-small", "vgg16"])
def test_saved_network_loads_with_plain_keras(name, tmp_path):
    network = build(name, classes=3, size=max(32, find(name).smallest), weights="none")
    film = np.random.default_rng(1).integers(0, 256, (2, *network.input_shape[1:])).astype("float32")
    network.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", custom_objects={}, safe_mode=True)
    np.testing.assert_allclose(loaded(film), network(film), atol=1e-6)
    assert spatial_layers(loaded) == spatial_layers(network)


@pytest.mark.parametrize("name", ["alexnet", "lenet5", "lmap3", "resnet18", "vgg-small"])
def test_nothing_is_learnt_before_the_first_convolution(name):
    """Else every step computes the gradient at its input: a third of the time, half of it with large kernels."""
    network = build(name, classes=2, weights="none", size=max(32, find(name).smallest))
    assert not network.get_layer("normalize").trainable_weights
    assert len(network.get_layer("normalize").weights) == 4


def test_every_field_of_an_architecture_is_filled():
    for architecture in architectures().values():
        assert all(value != "" for value in dataclasses.astuple(architecture))
        assert (architecture.weights == "none") or architecture.pretrained
        assert architecture.backbone or not architecture.pretrained


@pytest.mark.parametrize(
    "name",
    ["alexnet", "cnn-small", "lenet5", "lmap3", "resnet18", "resnet34", "resnet34-gelu", "vgg-small", "vgg16", "vgg19"],
)
def test_what_is_registered_is_true(name):
    network = build(name, classes=2, weights="none")
    architecture = find(name)
    assert architecture.parameters == network.count_params()
    assert architecture.feature_layer == spatial_layers(network)[-1]
    assert architecture.backbone == (backbone(network) is not None)


def test_models_command_lists_all():
    result = CliRunner().invoke(models_command, ["--json"], catch_exceptions=False)
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert list(rows) == NAMES
    assert rows["lmap3"]["parameters"] == 287_688 - 3 * 65
    assert rows["resnet50"]["feature_layer"] == "conv5_block3_out"
    assert (rows["resnet50"]["cut_layer"], rows["lmap3"]["cut_layer"]) == ("conv4_block6_out", None)
    assert "21,295,941" in CliRunner().invoke(models_command, env={"COLUMNS": "40"}).stdout

"""Every backbone of keras.applications: as Keras builds it, trained, saved and made ready to be explained.

By default on light members of most families; ``--all-networks`` takes them all.
"""

import inspect
import sys

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from keras_cxr.explain.ready import explainable
from keras_cxr.models import build, imagenet, transfer
from keras_cxr.models.architecture import Plan
from keras_cxr.models.freeze import backbone, is_frozen
from keras_cxr.models.names import settle_names
from keras_cxr.models.registry import architectures, find
from keras_cxr.models.spatial import spatial_layers

NAMES = [name for name, architecture in architectures().items() if architecture.pretrained]
LIGHT = {"convnexttiny", "densenet121", "efficientnetb0", "mobilenetv2", "mobilenetv3small", "xception"}
# In which a classifier is a convolution, dense layers stand before it, and Keras itself adds a layer.
PECULIAR = {"convnexttiny", "efficientnetb0", "mobilenetv3small"}
# At which every backbone ends in maps larger than one pixel.
SIZES = {"inceptionv3": 128, "xception": 71}


def size_of(name):
    return SIZES.get(name, 64)


def skip_unless(request, name, chosen):
    if name not in chosen and not request.config.getoption("--all-networks"):
        pytest.skip("a heavy network, built with --all-networks alone")


def family(name):
    """The module of keras.applications that holds the network."""
    return sys.modules[transfer.application(name).__module__]


def films_of(name):
    return np.random.default_rng(1).integers(0, 256, (2, size_of(name), size_of(name), 1)).astype("float32")


def random_weights(model, seed=0):
    """Fill a model so that no two arrays are alike and the maps stay of order one."""
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.dtype.startswith("float"):
            spread = 0.1 if len(weight.shape) < 2 else (2 / np.prod(weight.shape[:-1])) ** 0.5
            noise = generator.normal(0, spread, weight.shape)
            weight.assign(np.abs(1 + noise) if weight.path.endswith(("gamma", "variance")) else noise)
    return model


def write_legacy(model, file):
    with h5py.File(file, "w") as content:
        legacy_h5_format.save_weights_to_hdf5_group(content, model)


@pytest.mark.parametrize("name", NAMES)
def test_life_of_a_network(request, name, tmp_path):
    """Registered as it is; learns from random weights; frozen, trained, saved; loaded by Keras; its layers known."""
    skip_unless(request, name, LIGHT)
    films, labels = films_of(name), np.array([[0.0], [1.0]])
    network = build(name, 2, size=size_of(name), weights="none")
    maps = spatial_layers(network)
    check_registered(name, network, maps)
    train_a_frozen_step(network, films, labels)
    network.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False, custom_objects={})
    np.testing.assert_allclose(again(films, training=False), network(films, training=False), atol=1e-5)
    assert is_frozen(again)
    assert spatial_layers(again) == maps
    # VGG ends in a pooling; shown is the convolution that it thins out.
    shown = {"vgg16": "block5_conv3", "vgg19": "block5_conv4"}.get(name, find(name).feature_layer)
    assert explainable(again).shown_layer(None) == shown


def check_registered(name, network, maps):
    architecture, inner = find(name), backbone(network)
    assert network.count_params() == architecture.parameters
    assert maps[-1] == inner.layers[-1].name == architecture.feature_layer
    side = inner.get_layer(architecture.cut_layer).output.shape[1]
    assert inner.output.shape[1] <= side <= -(-size_of(name) // 14)


def train_a_frozen_step(network, films, labels):
    inner = backbone(network)
    assert inner.trainable_weights
    means = [layer.moving_mean for layer in inner.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = [mean.numpy() for mean in means]
    network(films, training=True)
    assert not any(np.array_equal(mean, old) for mean, old in zip(means, before, strict=True))
    inner.trainable = False
    before = [weight.numpy() for weight in inner.weights]
    head = network.get_layer("logits").kernel.numpy()
    network.compile("sgd", "binary_crossentropy", run_eagerly=True)
    assert np.isfinite(network.train_on_batch(films, labels))
    assert all(np.array_equal(weight, old) for weight, old in zip(inner.weights, before, strict=True))
    assert not np.array_equal(network.get_layer("logits").kernel, head)


@pytest.mark.parametrize("name", NAMES)
def test_preprocessing_is_the_family_s_own(monkeypatch, name):
    def application(**options):
        start = keras.Input(options["input_shape"])
        return keras.Model(start, keras.layers.Conv2D(1, 1)(start))

    monkeypatch.setattr(transfer, "application", lambda name: application)
    # VGG has its preprocessing with weights alone.
    monkeypatch.setattr(transfer, "load_backbone", lambda *_: None)
    weights = "some.h5" if name.startswith("vgg") else None
    network = find(name).build(Plan(name, 2, 8, 3, weights, None, 0.5))
    films = np.random.default_rng(0).uniform(0, 255, (2, 8, 8, 1)).astype("float32")
    seen = keras.Model(network.input, backbone(network)._inbound_nodes[-1].input_tensors[0])(films)
    monkeypatch.undo()
    np.testing.assert_allclose(seen, family(name).preprocess_input(np.repeat(films, 3, axis=-1)), atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_keras_with_its_imagenet_weights(request, name, monkeypatch, tmp_path):
    """Keras is given random weights for the file it asks for; it asks for the one that is registered."""
    skip_unless(request, name, PECULIAR)
    side, films, asked = size_of(name), films_of(name), []
    file, application = tmp_path / "weights.h5", transfer.application(name)
    write_legacy(random_weights(application(include_top=False, weights=None, input_shape=(side, side, 3))), file)

    def get_file(name, origin, cache_subdir, file_hash=None):
        asked.append((origin, file_hash))
        return str(file)

    monkeypatch.setattr(file_utils, "get_file", get_file)
    reference = application(include_top=False, weights="imagenet", input_shape=(side, side, 3))
    pixels = family(name).preprocess_input(np.repeat(films, 3, axis=-1))
    expected = np.mean(reference(pixels, training=False), axis=(1, 2))

    network = build(name, 2, size=side, weights=file)
    features = keras.Model(network.input, network.get_layer("pool").output)(films)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
    pretrained = find(name).pretrained
    assert asked == [(imagenet.address(pretrained), pretrained.checksum or None)]


@pytest.mark.parametrize("name", NAMES)
def test_published_file_is_named_in_keras(name):
    source = inspect.getsource(family("resnet50" if name.startswith("resnet") else name))
    assert find(name).pretrained.checksum in source


@pytest.mark.parametrize("include_top", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_weights_files_fill_a_cut_backbone(request, name, include_top, tmp_path):
    skip_unless(request, name, PECULIAR if include_top else ())
    side, cut = size_of(name), find(name).cut_layer
    source = random_weights(
        transfer.application(name)(include_top=include_top, weights=None, input_shape=(side, side, 3))
    )
    source.save_weights(tmp_path / "a.weights.h5")
    write_legacy(source, tmp_path / "a.h5")
    settle_names(source)
    for file in ("a.weights.h5", "a.h5"):
        inner = backbone(build(name, 2, size=side, weights=tmp_path / file, features_from=cut))
        for layer in (layer for layer in inner.layers if layer.weights):
            for ours, theirs in zip(layer.weights, source.get_layer(layer.name).weights, strict=True):
                np.testing.assert_array_equal(ours, theirs)

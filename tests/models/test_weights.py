"""Weights files in every form, on a small residual application; and ImageNet's, online and off."""

import socket
import threading
import time

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from keras.src.legacy.saving import legacy_h5_format

from keras_cxr.errors import CxrError
from keras_cxr.models import build, imagenet
from keras_cxr.models.architecture import Plan, Pretrained
from keras_cxr.models.layers import caffe
from keras_cxr.models.transfer import transfer_network

SIZE = 16


def small_application(include_top, weights, input_shape):
    """Two residual blocks in the manner of keras.applications."""
    start = x = keras.Input(input_shape)
    for block in (1, 2):
        shortcut = layers.Conv2D(4, 1, name=f"block{block}_0_conv")(x)
        x = layers.Conv2D(4, 3, padding="same", name=f"block{block}_1_conv")(x)
        x = layers.BatchNormalization(name=f"block{block}_1_bn")(x)
        x = layers.Add(name=f"block{block}_add")([x, shortcut])
        x = layers.Activation("relu", name=f"block{block}_out")(x)
    if include_top:
        x = layers.Dense(7, name="predictions")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(start, x, name="small")


def network_with(weights, features_from=None):
    return transfer_network(Plan("small", 2, SIZE, 3, weights, features_from, 0.5), small_application, caffe)


def source(include_top=False, cut=None):
    """A model whose every weight is told by its layer's name, so that a mix-up shows."""
    model = small_application(include_top, None, (SIZE, SIZE, 3))
    for layer in model.layers:
        seed = sum(layer.name.encode())
        layer.set_weights([np.random.default_rng(seed).uniform(1, 2, weight.shape) for weight in layer.weights])
    return keras.Model(model.input, model.get_layer(cut).output) if cut else model


def write_legacy(model, file):
    with h5py.File(file, "w") as content:
        legacy_h5_format.save_weights_to_hdf5_group(content, model)


def save_weights(model, file):
    model.save_weights(file)


def save(model, file):
    model.save(file)


FORMS = [("a.weights.h5", save_weights), ("a.h5", write_legacy), ("a.h5", save), ("a.keras", save)]


@pytest.mark.filterwarnings("ignore:You are saving")
@pytest.mark.parametrize("features_from", [None, "block1_out"])
@pytest.mark.parametrize("include_top", [False, True])
@pytest.mark.parametrize(("name", "write"), FORMS)
def test_every_form_loads_the_backbone(name, write, include_top, features_from, tmp_path):
    write(source(include_top), tmp_path / name)
    inner = network_with(tmp_path / name, features_from).get_layer("small")
    expected = source()
    assert len(inner.weights) == (16 if features_from is None else 8)
    for layer in inner.layers[1:]:
        for ours, theirs in zip(layer.get_weights(), expected.get_layer(layer.name).get_weights(), strict=True):
            np.testing.assert_allclose(ours, theirs)


@pytest.mark.parametrize(("name", "write"), FORMS)
def test_file_of_a_cut_backbone(name, write, tmp_path):
    file = tmp_path / name
    write(source(cut="block1_out"), file)
    inner = network_with(file, "block1_out").get_layer("small")
    np.testing.assert_allclose(inner.get_layer("block1_1_bn").gamma, source().get_layer("block1_1_bn").gamma)
    with pytest.raises(CxrError, match=r"lacks 3 layers of small: block2.* --features-from block1_out, or") as error:
        network_with(file)
    assert "\n" not in str(error.value)


def test_network_of_this_package_gives_its_backbone(tmp_path):
    source().save_weights(tmp_path / "a.weights.h5")
    first = network_with(tmp_path / "a.weights.h5")
    first.save(tmp_path / "trained.keras")
    second = network_with(tmp_path / "trained.keras")
    for ours, theirs in zip(second.get_layer("small").weights, first.get_layer("small").weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("text.h5", lambda file: file.write_text("no weights")),
        ("text.keras", lambda file: file.write_text("no weights")),
        ("empty.weights.h5", lambda file: h5py.File(file, "w").close()),
        ("other.weights.h5", lambda file: build("lenet5", 2, size=32).save_weights(file)),
        ("other.keras", lambda file: build("lenet5", 2, size=32).save(file)),
    ],
)
def test_foreign_files_are_refused_in_one_line(name, write, tmp_path):
    write(tmp_path / name)
    with pytest.raises(CxrError, match=name) as error:
        network_with(tmp_path / name)
    assert "\n" not in str(error.value)


def test_offline_without_cache_names_the_ways_on(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(imagenet, "reachable", lambda: False)
    start = time.monotonic()
    with pytest.raises(CxrError) as error:
        build("resnet50", 2)
    assert time.monotonic() - start < 1
    message = str(error.value)
    assert "\n" not in message
    for part in ("--weights FILE", "KERAS_HOME", "models/resnet50_weights", "-a lmap3", str(tmp_path), imagenet.HOST):
        assert part in message


def test_silent_firewall_does_not_hang(monkeypatch):
    """Neither a name that is never resolved nor a port that never answers holds the program up."""
    release = threading.Event()

    def never(*_):
        release.wait(30)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", never)
    start = time.monotonic()
    assert not imagenet.reachable(0.2)
    assert time.monotonic() - start < 1
    release.set()


def test_reachable_through_a_proxy(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert imagenet.reachable()


def test_cached_file_is_used_without_a_connection(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(imagenet, "reachable", lambda: pytest.fail("asked the network"))
    file = tmp_path / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    file.parent.mkdir()
    reference = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    write_legacy(reference, file)
    inner = build("vgg16", 2, size=32, weights="imagenet").get_layer("vgg16")
    assert not inner.trainable_weights
    for ours, theirs in zip(inner.weights, reference.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_corrupt_download_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(imagenet, "reachable", lambda: True)
    (tmp_path / "weights.h5").write_text("a login page")
    monkeypatch.setattr(imagenet, "BASE", f"{tmp_path.as_uri()}/")
    with pytest.raises(CxrError, match="Incomplete or corrupted"):
        imagenet.imagenet_file(Pretrained("weights.h5", "0" * 32))
    assert not (tmp_path / "home" / "models" / "weights.h5").exists()

"""Heatmaps by OpenVINO are those of Keras, and cost no TensorFlow; what it does not serve goes to Keras."""

import dataclasses
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from heatmap_networks import SIZE, films, flat, hidden

from keras_cxr.cli import main
from keras_cxr.errors import CxrError
from keras_cxr.explain.explainer import Explainer
from keras_cxr.explain.fast_explainer import fast_explainer
from keras_cxr.explain.fast_network import FastNetwork, NotServedError
from keras_cxr.explain.registry import find
from keras_cxr.explain.request import Request
from keras_cxr.explain.shown_layer import FILE, read_shown_layer, shown_layer, write_shown_layer
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.serving.material import stored_material
from keras_cxr.prediction.serving.optimize import write_runtimes
from keras_cxr.prediction.serving.runtimes import find as find_runtime

pytest.importorskip("openvino")
CAMS = ("gradcam", "gradcam++", "layercam", "hirescam", "eigencam", "scorecam")
PERTURBATIONS = {"occlusion": {"mask_size": 8, "stride": 4}, "rise": {"masks": 20}}


def two_dense(units, size=SIZE):
    """A hidden layer between pooling and logits, as the transfer networks have."""
    images = keras.Input((size, size, 1))
    x = keras.layers.Rescaling(1 / 128, -1)(images)
    x = keras.layers.Conv2D(7, 3, strides=2, padding="same", activation="relu", name="maps")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(9, activation="relu", bias_initializer="random_normal")(x)
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.Dense(6, activation="tanh")(x)
    x = keras.layers.Dense(units, name="logits", bias_initializer="random_normal")(x)
    return keras.Model(images, keras.layers.Activation("softmax" if units > 1 else "sigmoid")(x))


@pytest.fixture(
    scope="module",
    params=[(flat, 1), (flat, 3), (two_dense, 1), (two_dense, 3)],
    ids=lambda case: f"{case[0].__name__}-{case[1]}",
)
def both(request, tmp_path_factory, tiny_model):
    """A network, and the same by OpenVINO."""
    build, units = request.param
    keras.utils.set_random_seed(units)
    network, folder = build(units), tmp_path_factory.mktemp("served")
    for weight in network.weights:
        if weight.name == "moving_variance":
            weight.assign(np.random.default_rng(0).uniform(0.5, 2, weight.shape))
    (folder / "runtimes").mkdir()
    openvino = find_runtime("openvino")
    openvino.export(network, folder / "runtimes", "float32", np.empty(0))
    write_shown_layer(folder / "runtimes", shown_layer(network))
    classes = [str(number) for number in range(max(2, units))]
    card = dataclasses.replace(tiny_model.card, classes=classes, preprocessing={"size": SIZE, "fit": "pad"})
    run = openvino.load(folder / "runtimes", "float32", SIZE)
    return network, FastNetwork(
        dataclasses.replace(tiny_model, folder=folder, card=card), Choice("openvino float32", run)
    )


@pytest.mark.parametrize("name", [*CAMS, *PERTURBATIONS])
def test_maps_are_keras(both, name):
    images, index = films(5), np.array([0, 1, 0, 1, 1])
    theirs, ours = (find(name).method(network, **PERTURBATIONS.get(name, {})) for network in both)
    assert ours.layer == theirs.layer
    wanted, found = theirs.explain(images, index), ours.explain(images, index)
    np.testing.assert_allclose(found.maps, wanted.maps, atol=1e-4 * max(1, wanted.maps.max()))
    size = images.shape[1:3]
    np.testing.assert_allclose(ours.upsample(wanted.maps, size), theirs.upsample(wanted.maps, size), atol=1e-6)


def test_cam_where_one_dense_layer_follows(both):
    if len(both[1]._shown.head) > 1:
        with pytest.raises(NotServedError, match="several dense layers"):
            find("cam").method(both[1])
        return
    theirs, ours = (find("cam").method(network).maps(films(3), 1)[0] for network in both)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_gradients_of_the_head_by_keras(both):
    import tensorflow as tf

    network, shown = both[0], shown_layer(both[0])
    rng = np.random.default_rng(0)
    pooled = tf.Variable(rng.normal(size=(4, shown.head[0].kernel.shape[0])).astype("float32"))
    weights = rng.normal(size=(4, shown.head[-1].kernel.shape[1])).astype("float32")
    with tf.GradientTape() as tape:
        x = pooled
        for layer in network.layers:
            if isinstance(layer, keras.layers.Dense):
                x = layer(x)
        score = tf.reduce_sum(x * weights)
    np.testing.assert_allclose(shown.logits(pooled.numpy()), x, atol=1e-5)
    np.testing.assert_allclose(shown.gradients(pooled.numpy(), weights), tape.gradient(score, pooled), atol=1e-5)


def test_no_such_head(tmp_path):
    assert shown_layer(hidden(1)) is None
    assert read_shown_layer(tmp_path) is None
    (tmp_path / FILE).write_bytes(b"PK damaged")
    assert read_shown_layer(tmp_path) is None


def test_another_networks_head_is_not_taken(both, tmp_path, tiny_model):
    shown = both[1]._shown
    head = (*shown.head[:-1], dataclasses.replace(shown.head[-1], kernel=shown.head[-1].kernel + 1))
    network = FastNetwork(tiny_model, Choice("openvino float32", None))
    network.__dict__.update(vars(both[1]) | {"_shown": dataclasses.replace(shown, head=head)})
    network.__dict__.pop("_maps", None)
    with pytest.raises(NotServedError, match="other maps"):
        find("gradcam").method(network)


@pytest.fixture(scope="module")
def served(tmp_path_factory, tiny_model):
    """A copy of the tiny model that has OpenVINO's file."""
    folder = tmp_path_factory.mktemp("served") / "model"
    shutil.copytree(tiny_model.folder, folder)
    write_runtimes(open_model(folder), [("openvino", "float32")], stored_material(open_model(folder)))
    return open_model(folder)


def test_what_is_not_served_goes_to_keras(served, tiny_model):
    found, told = fast_explainer(served, Request(layers=("c3",)))
    assert found is None
    assert told == "Note: Keras is used: openvino gives the maps of layer 'c5' alone, not 'c3'."
    assert fast_explainer(served, Request("integrated-gradients"))[0] is None
    assert fast_explainer(served, Request(), "keras") == (None, "Runtime: keras")
    with pytest.raises(CxrError, match=r"alone, not 'c3'. Try --runtime keras"):
        fast_explainer(served, Request(layers=("c3",)), "openvino")
    with pytest.raises(CxrError, match="no files for faster runtimes"):
        fast_explainer(tiny_model, Request(), "openvino")


def test_commands(served, phantom, tmp_path, without_tensorflow):
    films = str(phantom / "known_images")
    command = ["explain", films, "-m", str(served.folder), "--method", "occlusion", "--mask-size", "30", "--arrays"]
    done = without_tensorflow(*command, "-o", tmp_path / "fast")
    assert done.returncode == 0, done.stderr
    assert "Runtime: openvino float32" in done.stderr
    assert main([*command, "-o", str(tmp_path / "keras"), "--runtime", "keras"]) == 0
    tables = [pd.read_csv(tmp_path / name / "maps.csv", keep_default_na=False) for name in ("fast", "keras")]
    pd.testing.assert_frame_equal(*tables, atol=1e-4)
    for name in tables[0]["map"]:
        np.testing.assert_allclose(*(np.load(tmp_path / one / name) for one in ("fast", "keras")), atol=5e-3)


def test_gradcam_without_tensorflow(tiny_model, phantom, tmp_path, without_tensorflow):
    """A network with the head of the transfer networks, through the whole command."""
    folder = tmp_path / "model"
    shutil.copytree(tiny_model.folder, folder)
    two_dense(1, 64).save(folder / "model.keras")
    model = open_model(folder)
    write_runtimes(model, [("openvino", "float32")], stored_material(model))
    done = without_tensorflow("gradcam", phantom / "known_images", "-m", folder, "-o", tmp_path / "maps")
    assert done.returncode == 0, done.stderr
    assert ", layer maps, " in done.stdout
    assert "Runtime: openvino float32" in done.stderr
    canvases = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 1)).astype("float32")
    for index in (0, 1):
        explainers = fast_explainer(model, Request())[0], Explainer(model)
        found, wanted = (explainer.maps(canvases, np.full(5, index)) for explainer in explainers)
        np.testing.assert_allclose(found[0], wanted[0], atol=1e-3)
        np.testing.assert_array_equal(found[1], wanted[1])

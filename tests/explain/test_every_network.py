"""All methods on the networks of the registry: nothing is NaN, empty maps are flagged, a saturated output has a map.

By default on a network of each file of the registry, whose others repeat its layers more often; on all with
``--all-networks``.
"""

import gc
import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf
from heatmap_networks import PACKAGES, QUICK

from keras_cxr.errors import UsageError
from keras_cxr.explain.methods import integrated_gradients
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.ready import explainable
from keras_cxr.explain.registry import find, methods
from keras_cxr.models import build
from keras_cxr.models.registry import architectures
from keras_cxr.models.registry import find as find_network

FEW = QUICK | {
    "occlusion": {"mask_size": 16, "stride": 16},
    "integrated-gradients": {"steps": 1},
    "scorecam": {"channels": 32},
    "smoothgrad": {"samples": 2},
}
# What never weights a map by less than 0, and so finds nothing where features are negative.
POSITIVE = {"gradcam++", "layercam", "scorecam"}


def smallest_of_each_file():
    by_size = sorted(architectures(), key=lambda name: find_network(name).parameters)
    return set({find_network(name).build.__module__: name for name in reversed(by_size)}.values())


def saturate(model, network, films):
    """Make the logits lie some apart and so high that the sigmoid is exactly 1, and its gradient exactly 0."""
    logits = model.get_layer("logits")
    logits.kernel.assign(logits.kernel * 4 / np.ptp(network.logits(films)))
    logits.bias.assign(logits.bias + 60 - network.logits(films).min())
    assert (model(films).numpy() == 1).all()


@pytest.fixture(scope="module", autouse=True)
def unoptimised():
    """Graphs that run a few times are not worth the seconds that it takes to rewrite them."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    yield
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})


@pytest.fixture(autouse=True)
def released(request):
    """A network and its graphs refer to each other: the large ones would fill 16 GB before Python looks for such."""
    yield
    if request.config.getoption("--all-networks"):
        gc.collect()


@pytest.mark.parametrize("name", architectures())
def test_every_method(request, monkeypatch, name):
    # Steps that are doubled until the attributions sum up take most of the time, and bring no other kind of map.
    monkeypatch.setattr(integrated_gradients, "_ROUNDS", 1)
    if name not in smallest_of_each_file() and not request.config.getoption("--all-networks"):
        pytest.skip("a larger network of its file, explained with --all-networks alone")
    size = max(32, find_network(name).smallest)
    keras.utils.set_random_seed(0)
    model = build(name, 2, size=size, weights="none")
    network = explainable(model)
    film = np.random.default_rng(0).integers(0, 256, (1, size, size, 1)).astype("float32")
    saturate(model, network, np.concatenate([film, np.zeros_like(film), np.full_like(film, 255)]))
    explainers = {}
    for method in methods():
        if method in PACKAGES and not importlib.util.find_spec(PACKAGES[method]):
            continue
        try:
            explainers[method] = find(method).method(network, **FEW.get(method, {}))
        except UsageError as refused:
            assert method == "cam", refused  # noqa: PT017 - the only method that needs a certain head
    for method, explainer in explainers.items():
        # Score-CAM, which weights by probabilities, has a map for any class, and passes a film for each channel.
        classes = np.array([1] if method == "scorecam" else [0, 1])
        maps, empty = explainer.maps(film.repeat(len(classes), axis=0), classes)
        assert np.isfinite(maps).all(), method
        full = normalise(explainer.upsample(maps, (size, size)))
        np.testing.assert_array_equal(full.max(axis=(1, 2)), np.where(empty, 0, 1), err_msg=method)
        # What does not speak for the one class speaks for the other.
        if method not in POSITIVE or network.features(explainer.layer)(film).min() >= 0:
            assert not empty.all(), method
    model.get_layer("logits").kernel.assign(0 * model.get_layer("logits").kernel)
    for method in explainers.keys() - {"scorecam"}:
        # Eigen-CAM never asks for the logits.
        assert explainers[method].maps(film, 1)[1].all() == (method != "eigencam"), method

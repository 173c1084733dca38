"""All methods on the networks of the registry: nothing is NaN, empty maps are flagged, a saturated output has a map.

By default on the light networks; ``--all-networks`` takes them all.
"""

import importlib.util

import numpy as np
import pytest
from heatmap_networks import PACKAGES, QUICK

from keras_cxr.errors import UsageError
from keras_cxr.explain.explainable import explainable
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.registry import find, methods
from keras_cxr.models import build
from keras_cxr.models.registry import architectures
from keras_cxr.models.registry import find as find_network

LIGHT = {"alexnet", "cnn-small", "lenet5", "lmap3", "mobilenetv3small", "resnet18"}
SIZES = {"inceptionv3": 128, "xception": 71}
FEW = QUICK | {"occlusion": {"mask_size": 32, "stride": 32}}


@pytest.mark.parametrize("name", architectures())
def test_every_method(request, name):
    if name not in LIGHT and not request.config.getoption("--all-networks"):
        pytest.skip("a heavy network, explained with --all-networks alone")
    size = SIZES.get(name, max(64, find_network(name).smallest))
    model = build(name, 2, size=size, weights="none")
    network = explainable(model)
    films = np.random.default_rng(0).integers(0, 256, (2, size, size, 1)).astype("float32")
    shown = []
    for method in methods():
        if method in PACKAGES and not importlib.util.find_spec(PACKAGES[method]):
            continue
        try:
            explainer = find(method).method(network, **FEW.get(method, {}))
        except UsageError as refused:
            assert method == "cam", refused  # noqa: PT017 - the only method that needs a certain head
            continue
        bias = model.weights[-1]
        for saturated in (0, 50):
            bias.assign(bias + saturated)
            maps, empty = explainer.maps(films, 1)
            bias.assign(bias - saturated)
            full = normalise(explainer.upsample(maps, (size, size)))
            assert np.isfinite(maps).all(), method
            np.testing.assert_array_equal(full.max(axis=(1, 2)), np.where(empty, 0, 1), err_msg=method)
            shown.append(not empty.all())
    assert np.mean(shown) > 0.5

"""What every method keeps to, on networks of several builds; the registry; smoothing."""

import keras
import numpy as np
import pytest
from heatmap_networks import PACKAGES, QUICK, SIZE, films, flat, hidden, nested, seeded

from keras_cxr.errors import UsageError
from keras_cxr.explain.methods.gradcam import GradCAM
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.registry import find, methods
from keras_cxr.explain.request import Request
from keras_cxr.explain.smooth import CHANGES, smoothed


def reloaded(model, folder):
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras", compile=False)


def half_nested():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        return seeded(nested(3))
    finally:
        keras.config.set_dtype_policy(before)


NETWORKS = {"one sigmoid": lambda: seeded(hidden()), "nested, softmax, float16": half_nested}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", methods())
def test_every_method(name, network, tmp_path):
    if name == "cam" and network == "one sigmoid":
        pytest.skip("refused: a hidden layer")
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name])
    model = reloaded(NETWORKS[network](), tmp_path)
    method = find(name).method(model, **QUICK.get(name, {}))

    def shown():
        """Flags of both classes' maps, each of which must be right."""
        flags = []
        for index in (0, np.array([1, 1])):
            maps, empty = method.maps(films(2), index)
            assert maps.dtype == np.float32
            assert np.isfinite(maps).all()
            full = normalise(method.upsample(maps, (SIZE, SIZE)))
            assert full.shape == (2, SIZE, SIZE)
            assert full.dtype == np.float32
            assert full.min() >= 0
            np.testing.assert_array_equal(full.max(axis=(1, 2)), np.where(empty, 0, 1))
            flags.append(empty)
        return np.array(flags)

    assert not shown().all()
    if network == "one sigmoid":
        # Its probability is exactly 1 then, its gradient exactly 0.
        bias = model.weights[-1]
        bias.assign(bias + 50)
        assert (model(films(2)).numpy() == 1).all()
        assert not shown().all()
    black = np.zeros((1, SIZE, SIZE, 1), "float32")
    assert np.isfinite(method.maps(black, 1)[0]).all()
    for weight in model.weights:
        weight.assign(np.ones(weight.shape) * (weight is model.weights[-1]))
    assert shown().all()


def test_smoothing_brings_maps_back():
    images = films(2)
    np.testing.assert_allclose(smoothed(lambda changed: changed[..., 0], images / 2, 6), images[..., 0] / 2, rtol=1e-5)
    factors = []
    smoothed(lambda changed: (factors.append(changed.mean()), changed[..., 0])[1], np.ones((1, 4, 4, 1)), len(CHANGES))
    np.testing.assert_allclose(factors, [1, 1, 0.9, 0.9, 1.1, 1.1], rtol=1e-6)


def test_the_list_needs_no_tensorflow(without_tensorflow):
    done = without_tensorflow("explain", "--list")
    assert done.returncode == 0
    for name in methods():
        assert name in done.stdout
    done = without_tensorflow("explain", "x", "--method", "ris")
    assert done.returncode == 2
    assert "Unknown method 'ris'. Did you mean 'rise'?" in done.stderr


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"method": "grad-cam"}, "Did you mean 'gradcam'?"),
        ({"method": "rise", "settings": {"stride": 3}}, "takes --stride (occlusion). Received: 'rise'"),
        ({"method": "occlusion", "layers": ("conv1",)}, "takes --layer (cam, eigencam, gradcam, gradcam++, hirescam"),
        ({"against": "NORMAL"}, "Try --class NAME --against NORMAL"),
        ({"method": "eigencam", "class_name": "NORMAL"}, "the same for every class"),
    ],
)
def test_requests_that_cannot_be(asked, told):
    with pytest.raises(UsageError) as fault:
        Request(**asked)
    assert told in str(fault.value)


def test_corners():
    model = seeded(flat())
    maps, _ = GradCAM(model).maps(films(), 1)
    centred, cornered = (GradCAM(model, corners=corners).upsample(maps, (SIZE, SIZE)) for corners in (False, True))
    np.testing.assert_array_equal(cornered[:, [0, 0, -1, -1], [0, -1, 0, -1]], maps[:, [0, 0, -1, -1], [0, -1, 0, -1]])
    assert np.abs(centred - cornered).max() > 0

"""SHAP's shares against what they are for a linear network, and their sum for any."""

import numpy as np
import pytest
from heatmap_networks import films, hidden, seeded
from keras import Input, Sequential, layers

from keras_cxr.explain.methods.shap import SHAP
from keras_cxr.explain.target import target

pytest.importorskip("shap")


def test_the_shares_of_a_linear_network():
    weights = np.zeros((8, 6), "float32")
    weights[5:7, 1:3] = [[1, 2], [3, -1]]
    model = Sequential([Input((8, 6, 1)), layers.Flatten(), layers.Dense(1), layers.Activation("sigmoid")])
    model.set_weights([weights.reshape(-1, 1), np.array([3.0])])
    images = films(2)[:, :8, :6]
    for index, sign in ((1, 1), (0, -1)):
        shares = SHAP(model, samples=2500).attributions(images, target(index, 2, 1))
        wanted = sign * weights[..., None] * (images - images.mean(axis=(1, 2, 3), keepdims=True))
        np.testing.assert_allclose(shares, wanted, atol=1e-3)
    maps, _ = SHAP(model, samples=300, fill="black").maps(images, 1)
    assert (maps[:, 5:7, 1:3].sum(axis=(1, 2)) > 0.9 * maps.sum(axis=(1, 2))).all()


@pytest.mark.parametrize(("units", "index", "against"), [(1, 1, None), (3, 2, None), (3, 0, 1)])
def test_the_shares_sum_to_the_difference(units, index, against):
    method, images = SHAP(seeded(hidden(units)), samples=60), films(2)
    wanted = target(index, 2, units, against)
    state = np.random.get_state()[1]
    shares = method.attributions(images, wanted)
    np.testing.assert_array_equal(state, np.random.get_state()[1])
    gray = np.broadcast_to(images.mean(axis=(1, 2, 3), keepdims=True), images.shape)
    logits = [method.network.logits(one) for one in (images, gray)]
    np.testing.assert_allclose(shares.sum(axis=(1, 2, 3)), wanted.scores(logits[0]) - wanted.scores(logits[1]), 1e-3)
    np.testing.assert_array_equal(shares, method.attributions(images, wanted))

"""Random weights from the last layer to the first, and the trained ones back."""

import heatmap_networks as networks
import keras
import numpy as np
import pytest

from keras_cxr.explain.registry import find, methods
from keras_cxr.explain.score.sanity import cascade, likeness

BUILDS = [networks.flat, networks.nested, networks.sequential, networks.sequential_in_functional]


def changed(network, before):
    """The names of the layers' variables that differ, in order."""
    pairs = zip(network.weights, before, strict=True)
    return [one.path for one, old in pairs if not np.array_equal(one.numpy(), old)]


@pytest.mark.parametrize("build", BUILDS)
def test_every_layer_once_and_back(build):
    keras.utils.set_random_seed(0)
    network = build()
    films, before = networks.films(2), network.get_weights()
    score = network(films).numpy()
    with cascade(network) as walk:
        seen, counts = [], []
        for name in walk:
            seen.append(name)
            counts.append(len(changed(network, before)))
    # Batch normalisation of an untrained network is as new, and stays so; biases are 0 in both.
    assert seen == ["logits", "norm", "second", "first"]
    assert counts == [1, 1, 2, 3]
    assert changed(network, before) == []
    assert np.array_equal(network(films).numpy(), score)


def test_groups_and_the_size_of_the_weights():
    keras.utils.set_random_seed(0)
    network = networks.flat()
    network.get_layer("norm").set_weights([np.full(8, value, "float32") for value in (3, 1, 2, 5)])
    before = network.get_layer("second").get_weights()[0]
    with cascade(network, steps=2) as walk:
        assert list(walk) == ["logits", "first"]
        after = network.get_layer("second").get_weights()[0]
        assert after.std() == pytest.approx(before.std(), rel=0.1)
        assert abs(np.corrcoef(before.ravel(), after.ravel())[0, 1]) < 0.2
        assert [value[0] for value in network.get_layer("norm").get_weights()] == [1, 0, 0, 1]
    assert np.array_equal(network.get_layer("second").get_weights()[0], before)


def test_weights_come_back_after_an_error():
    network = networks.flat()
    before = network.get_weights()

    def fail():
        with cascade(network) as walk:
            next(walk)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert changed(network, before) == []


def test_the_films_mean_is_not_learnt():
    images = keras.Input((networks.SIZE, networks.SIZE, 1))
    normalised = keras.layers.Normalization(mean=100.0, variance=900.0)(images)
    network = keras.Model(images, networks.chain(normalised, networks.trunk_layers() + networks.head_layers()))
    with cascade(network) as walk:
        assert "normalization" not in " ".join(walk)


def test_a_map_is_like_itself():
    maps = np.random.default_rng(0).random((3, 16, 16)).astype("float32")
    found = likeness(maps, maps)
    assert found["SSIM"] == pytest.approx(np.ones(3))
    assert found["rank correlation"] == pytest.approx(np.ones(3))


@pytest.mark.parametrize("name", methods())
def test_every_method_sees_the_random_weights(name):
    if name in networks.PACKAGES:
        pytest.importorskip(networks.PACKAGES[name])
    network = networks.seeded(networks.flat(3))
    method, films, label = find(name).method(network, **networks.QUICK.get(name, {})), networks.films(), np.arange(3)
    before, empty = method.maps(films, label)
    assert not empty.all()
    with cascade(network) as walk:
        next(walk)
        after, _ = method.maps(films, label)
        list(walk)
        last, _ = method.maps(films, label)
    # Eigen-CAM never asks the last layer.
    assert np.array_equal(before, after) == (name == "eigencam")
    assert not np.array_equal(before, last)
    np.testing.assert_allclose(method.maps(films, label)[0], before, rtol=1e-5)

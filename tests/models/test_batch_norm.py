"""BatchNorm statistics against closed forms."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_cxr.models.batch_norm import adapt_batch_norm, batch_norm_layers


def network(*, frozen=False):
    keras.utils.set_random_seed(0)
    start = keras.Input((8, 8, 1))
    maps = layers.Conv2D(3, 3, name="first")(start)
    maps = layers.ReLU()(layers.BatchNormalization(name="first_bn")(maps))
    maps = layers.BatchNormalization(name="second_bn", scale=False)(layers.Conv2D(4, 3, name="second")(maps))
    inner = keras.Model(start, maps, name="backbone")
    inner.trainable = not frozen
    films = keras.Input((8, 8, 1))
    return keras.Model(films, layers.GlobalAveragePooling2D()(inner(films, training=False)))


@pytest.fixture
def films():
    return np.random.default_rng(0).normal(90, 30, (50, 8, 8, 1)).clip(0, 255).astype("uint8")


@pytest.mark.parametrize("share", [0.0, 0.25])
@pytest.mark.parametrize("batch", [7, 50])
def test_the_first_layers_statistics_are_those_of_all_films(films, share, batch):
    model = network(frozen=True)
    inner = model.get_layer("backbone")
    maps = inner.get_layer("first")(films.astype("float32")).numpy().reshape(-1, 3)
    assert adapt_batch_norm(model, np.array_split(films, range(batch, 50, batch)), share) == 2
    layer = inner.get_layer("first_bn")
    # A new layer has mean 0 and variance 1.
    assert layer.moving_mean.numpy() == pytest.approx((1 - share) * maps.mean(axis=0), rel=1e-4)
    assert layer.moving_variance.numpy() == pytest.approx((1 - share) * maps.var(axis=0) + share, rel=1e-4)


def test_in_one_batch_every_layer_is_exact_and_the_network_normalises_by_it(films):
    model = network()
    adapt_batch_norm(model, [films])
    inner = model.get_layer("backbone")
    seen = keras.Model(inner.input, inner.get_layer("second").output)(films.astype("float32")).numpy().reshape(-1, 4)
    assert inner.get_layer("second_bn").moving_mean.numpy() == pytest.approx(seen.mean(axis=0), rel=1e-3, abs=1e-4)
    assert inner.get_layer("second_bn").moving_variance.numpy() == pytest.approx(seen.var(axis=0), rel=1e-3)
    assert model(films.astype("float32"), training=False).numpy().mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-3)


def test_a_network_without_batch_norm_stays_as_it_is(films):
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3)])
    assert batch_norm_layers(model) == []
    assert adapt_batch_norm(model, [films]) == 0

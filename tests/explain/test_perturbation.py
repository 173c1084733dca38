"""Occlusion, RISE, integrated gradients and SmoothGrad against loops and closed forms."""

import keras
import numpy as np
import pytest
from heatmap_networks import SIZE, films, flat, hidden, nested, seeded
from keras import layers
from scipy.special import log_softmax

from keras_cxr.errors import UsageError
from keras_cxr.explain.methods.integrated_gradients import IntegratedGradients
from keras_cxr.explain.methods.occlusion import Occlusion
from keras_cxr.explain.methods.rise import RISE, random_masks
from keras_cxr.explain.methods.smoothgrad import SmoothGrad
from keras_cxr.explain.target import target


def logits_of(model, images):
    return keras.Model(model.input, model.get_layer("logits").output)(images, training=False).numpy()


def linear(weights, bias=3.0):
    """One dense layer on the pixels: the logit is ``sum(weights * gray) + bias``."""
    model = keras.Sequential(
        [
            keras.Input((*weights.shape, 1)),
            layers.Flatten(),
            layers.Dense(1, name="logits"),
            layers.Activation("sigmoid"),
        ]
    )
    model.set_weights([weights.reshape(-1, 1), np.array([bias])])
    return model


@pytest.mark.parametrize(
    ("size", "stride", "fill"), [(7, 5, "mean"), (1, 9, "black"), (23, 8, "mean"), (6, 6, "black")]
)
def test_occlusion_is_a_loop_over_squares(size, stride, fill):
    model, (image,) = seeded(hidden(3)), films(1)
    gray = image.mean() if fill == "mean" else 0
    starts = sorted({*range(0, SIZE - size + 1, stride), SIZE - size})
    places = [(top, left) for top in starts for left in starts]
    copies = np.stack([image] * (len(places) + 1))
    for copy, (top, left) in zip(copies[1:], places, strict=True):
        copy[top : top + size, left : left + size] = gray
    whole, *logits = logits_of(model, copies)
    total, count = np.zeros((SIZE, SIZE)), np.zeros((SIZE, SIZE))
    for one, (top, left) in zip(logits, places, strict=True):
        total[top : top + size, left : left + size] += whole[2] - one[2]
        count[top : top + size, left : left + size] += 1
    wanted = np.maximum(total / np.maximum(count, 1), 0)
    found = Occlusion(model, size, stride, fill, batch_size=7).explain(image[None], 2)
    np.testing.assert_allclose(found.maps[0] / wanted.max(), wanted / wanted.max(), atol=1e-4)
    likely = np.exp(log_softmax(logits, axis=1)[:, 2]).reshape(len(starts), -1)
    np.testing.assert_allclose(found.extras["probability"][0], likely, atol=1e-5)


def test_occlusion_from_coarse_to_fine_is_exact_at_the_strongest_places_and_cheaper(monkeypatch):
    weights = np.zeros((40, 40), "float32")
    weights[10:16, 22:28] = 0.01
    images = np.full((1, 40, 40, 1), 200, "float32")
    passes, found = [], []
    for coarse in (False, True):
        method = Occlusion(linear(weights), 8, 2, "black", coarse)
        logits = method.network.logits
        seen = []
        monkeypatch.setattr(
            method.network, "logits", lambda one, logits=logits, seen=seen: (seen.append(len(one)), logits(one))[1]
        )
        found.append(method.explain(images, 1))
        passes.append(sum(seen))
    full, rough = (one.extras["probability"][0] for one in found)
    strongest = full <= full.min() + 1e-6
    np.testing.assert_allclose(rough[strongest], full[strongest], atol=1e-6)
    assert passes[0] == 17**2 + 1
    assert passes[1] < passes[0] / 2
    assert np.unravel_index(found[1].maps[0].argmax(), (40, 40)) in list(
        zip(*np.where(found[0].maps[0] > 0), strict=True)
    )


def test_occlusion_that_cannot_be():
    with pytest.raises(UsageError, match="smaller than the network's input of 24 × 24"):
        Occlusion(flat(), SIZE).maps(films(), 1)
    with pytest.raises(UsageError, match=r"one of mean, black\. Received: 'white'"):
        Occlusion(flat(), fill="white")


def test_rise_is_the_formula_on_a_linear_network():
    draw = np.random.default_rng(1)
    weights = draw.normal(0, 0.01, (20, 26)).astype("float32")
    (image,) = draw.integers(0, 256, (1, 20, 26, 1)).astype("float32")
    masks = np.concatenate(list(random_masks(50, (20, 26), 5, 50))).astype("float64")
    scores = (masks * image[..., 0] * weights).sum(axis=(1, 2)) + 3
    wanted = ((scores - scores.mean())[:, None, None] * masks).sum(axis=0) / (50 * 0.5)
    for sign, index in ((1, 1), (-1, 0)):
        found, _ = RISE(linear(weights), 50, 5, batch_size=16).maps(image[None], index)
        np.testing.assert_allclose(found[0], np.maximum(sign * wanted, 0), atol=1e-5 * np.abs(wanted).max())


def test_random_masks():
    masks = np.concatenate(list(random_masks(400, (30, 44), 0, 32)))
    assert masks.shape == (400, 30, 44)
    assert 0 <= masks.min() < masks.max() <= 1
    np.testing.assert_allclose(masks.mean(axis=0), 0.5, atol=0.12)
    np.testing.assert_array_equal(masks, np.concatenate(list(random_masks(400, (30, 44), 0, 7))))
    assert not np.array_equal(masks[:9], next(random_masks(9, (30, 44), 1, 9)))


@pytest.mark.parametrize(
    ("build", "units", "index", "against"),
    [(flat, 1, 0, None), (hidden, 1, 1, None), (nested, 3, 2, None), (hidden, 3, 0, 1)],
)
def test_integrated_gradients_are_complete(build, units, index, against):
    model, images = seeded(build(units)), films()
    method = IntegratedGradients(model)
    wanted = target(index, len(images), units, against)
    shares = method.attributions(images, wanted)
    logits, black = (method.network.logits(one) for one in (images, np.zeros_like(images)))
    np.testing.assert_allclose(shares.sum(axis=(1, 2, 3)), wanted.scores(logits) - wanted.scores(black), rtol=0.01)


def test_integrated_gradients_and_smoothgrad_of_a_linear_network():
    weights = np.random.default_rng(0).normal(0, 1, (6, 8)).astype("float32")
    images = films(2)[:, :6, :8]
    shares = IntegratedGradients(linear(weights)).attributions(images, target(0, 2, 1))
    np.testing.assert_allclose(shares, -weights[..., None] * images, rtol=1e-4, atol=1e-3)
    found, _ = SmoothGrad(linear(weights), 5).maps(images, 0)
    limit = np.percentile(np.abs(weights), 99)
    np.testing.assert_allclose(found, [np.minimum(np.abs(weights), limit)] * 2, rtol=1e-5)


@pytest.mark.parametrize(("kind", "count"), [(RISE, {"masks": 20}), (SmoothGrad, {"samples": 5})])
def test_seeds(kind, count):
    model, images = seeded(hidden()), films(1)
    first, other = (kind(model, seed=seed, **count) for seed in (0, 1))
    np.testing.assert_array_equal(first.maps(images, 1)[0], first.maps(images, 1)[0])
    assert not np.array_equal(first.maps(images, 1)[0], other.maps(images, 1)[0])

"""LIME against a network whose score depends on one known patch, and its linear model against a closed form."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_cxr.errors import CxrError
from keras_cxr.explain.extras import extra
from keras_cxr.explain.methods.lime import LIME, linear_model

SIDE, PATCH = 40, (slice(10, 18), slice(22, 30))


def looks_at_patch(units):
    """The first of one or three logits is the patch's mean gray level above 100, the others are its opposite."""
    weights = np.zeros((SIDE, SIDE, units), "float32")
    weights[PATCH] = np.array([1, -1, -1][:units]) / 64
    kind = "sigmoid" if units == 1 else "softmax"
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(units), layers.Activation(kind)]
    )
    model.set_weights([weights.reshape(-1, units), -100 * np.array([1, -1, -1][:units])])
    return model


def film():
    image = np.random.default_rng(0).normal(60, 5, (1, SIDE, SIDE, 1))
    image[0, *PATCH] += 120
    return image.astype("float32")


# The class that the bright patch speaks for, and the one that it speaks against.
TARGETS = {
    "sigmoid": (1, (1, None), (0, None)),
    "softmax": (3, (0, None), (2, None)),
    "against": (3, (0, 1), (1, 0)),
}


@pytest.mark.parametrize("case", TARGETS)
def test_the_map_peaks_in_the_patch(case):
    pytest.importorskip("skimage")
    units, spoken_for, spoken_against = TARGETS[case]
    method = LIME(looks_at_patch(units), samples=300, segments=30)
    maps, empty = method.maps(film(), *spoken_for)
    assert not empty
    strongest = maps[0] > maps[0].max() / 2
    assert strongest[PATCH].mean() > 0.9
    assert strongest.sum() < 2 * 64
    opposite, _ = method.maps(film(), *spoken_against)
    assert opposite[0][PATCH].max() < 0.05 * maps.max()


def test_superpixels_follow_what_is_on_the_film():
    pytest.importorskip("skimage")
    parts = LIME(looks_at_patch(1), segments=30).superpixels(film()[0])
    assert parts.shape == (SIDE, SIDE)
    assert set(np.unique(parts)) == set(range(parts.max() + 1))
    assert 15 <= parts.max() + 1 <= 45
    patch = np.zeros_like(parts, bool)
    patch[PATCH] = True
    inside, outside = (np.bincount(parts[where], minlength=parts.max() + 1) for where in (patch, ~patch))
    own = inside > outside
    assert inside[own].sum() > 0.9 * patch.sum()
    assert outside[own].sum() < 0.25 * patch.sum()


def test_seeds_and_fill():
    pytest.importorskip("skimage")
    model = looks_at_patch(1)
    maps = {}
    for name, settings in {"a": {}, "again": {}, "other": {"seed": 1}, "black": {"fill": "black"}}.items():
        maps[name], _ = LIME(model, samples=40, segments=30, batch_size=7, **settings).maps(film(), 1)
    np.testing.assert_array_equal(maps["a"], maps["again"])
    assert (maps["a"] != maps["other"]).any()
    # From 180 to black is further than to the film's mean.
    assert maps["black"].max() > maps["a"].max()


def test_the_linear_model_is_weighted_ridge_regression():
    draw = np.random.default_rng(0)
    there = draw.random((200, 12)) < 0.5
    there[0] = True
    scores = there @ draw.normal(0, 5, 12) + draw.normal(0, 1, 200)
    ones = np.ones(12)
    cosine = there @ ones / (np.maximum(np.linalg.norm(there, axis=1), 1e-9) * np.linalg.norm(ones))
    near = np.sqrt(np.exp(-((1 - cosine) ** 2) / 0.25**2))
    design = np.hstack([there, np.ones((200, 1))])
    penalty = np.diag([1.0] * 12 + [0.0])
    wanted = np.linalg.solve(design.T * near @ design + penalty, design.T * near @ scores)
    np.testing.assert_allclose(linear_model(there, scores), wanted[:12], rtol=1e-6)


def test_without_the_package():
    with pytest.raises(CxrError) as fault:
        extra("no_such_package.inside", "lime", "LIME")
    wanted = "LIME needs no_such_package, which is not installed. Try pip install 'keras-cxr[lime]'."
    assert str(fault.value) == wanted

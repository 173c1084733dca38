"""Contrast steps against independent formulas, and their order and names."""

import cv2
import numpy as np
import pytest

from keras_cxr.data.enhance import cumulative_histogram, enhance, match, steps
from keras_cxr.data.geometry import shown_part, to_canvas
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import UsageError

RNG = np.random.default_rng(0)
FILM = np.clip(RNG.normal(120, 30, (90, 120)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("setting", "names"),
    [("", []), ("none", []), ("clahe", ["clahe"]), (" clahe , sharpen", ["clahe", "sharpen"]), ("match", ["match"])],
)
def test_settings_are_read_in_order(setting, names):
    assert steps(setting) == names


@pytest.mark.parametrize(
    ("setting", "said"), [("clahee", "Did you mean 'clahe'"), ("match,clahe", "must come last"), ("x,clahe", "Known")]
)
def test_wrong_settings(setting, said):
    with pytest.raises(UsageError, match=said):
        steps(setting)


def test_percentile_stretches_between_its_percentiles():
    low, high = np.percentile(FILM, (0.5, 99.5))
    wanted = np.clip((FILM.astype(float) - low) / (high - low), 0, 1) * 255
    np.testing.assert_allclose(enhance(FILM, "percentile"), wanted, atol=0.51)


def test_equalize_makes_levels_uniform():
    equal = enhance(FILM, "equalize")
    quantiles = np.quantile(equal, np.linspace(0.05, 0.95, 19))
    np.testing.assert_allclose(quantiles, 255 * np.linspace(0.05, 0.95, 19), atol=6)


def test_clahe_raises_local_contrast_and_sharpen_the_edges():
    flat = (FILM // 8 + 100).astype(np.uint8)
    assert enhance(flat, "clahe").std() > 1.5 * flat.std()
    step = np.repeat(np.array([[80, 160]], np.uint8), 40, axis=1).repeat(40, axis=0)
    sharp = enhance(step, "sharpen")
    assert sharp[20, 39] < 80
    assert sharp[20, 40] > 160
    assert sharp[20, 0] == 80


def test_match_gives_the_quantiles_of_the_reference():
    other = [RNG.gamma(4, 20, (64, 64)).clip(0, 255).astype(np.uint8) for _ in range(5)]
    matched = match(FILM, cumulative_histogram(other))
    pooled = np.concatenate([film.ravel() for film in other])
    for share in (0.1, 0.3, 0.5, 0.7, 0.9):
        assert abs(np.quantile(matched, share) - np.quantile(pooled, share)) <= 3
    own = cumulative_histogram([FILM])
    assert np.abs(match(FILM, own).astype(int) - FILM).max() <= 1


def test_match_without_a_reference_leaves_the_film():
    np.testing.assert_array_equal(enhance(FILM, "match"), FILM)


@pytest.mark.parametrize("setting", ["percentile", "clahe", "equalize", "sharpen", "clahe,sharpen"])
def test_padding_stays_black_and_does_not_count(setting):
    preprocessing = Preprocessing(64, "pad", setting)
    canvas = to_canvas(FILM, preprocessing)
    rows, columns = shown_part(120, 90, (0, 0, 1, 1), preprocessing)
    shrunk = cv2.resize(FILM, (64, 48), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(canvas[rows, columns], enhance(shrunk, setting))
    canvas[rows, columns] = 0
    assert not canvas.any()

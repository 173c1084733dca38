import numpy as np
import pytest
from scipy import ndimage, stats

from keras_cxr.evaluation.pixel_statistics import NAMES, pixel_statistics


def _named(film):
    return dict(zip(NAMES, pixel_statistics(film), strict=True))


def test_they_are_those_of_numpy_and_scipy():
    film = np.random.default_rng(0).integers(20, 220, (64, 48), dtype=np.uint8)
    found = _named(film)
    border = np.ones(film.shape, bool)
    border[4:-4, 3:-3] = False
    levels = film.astype(float)
    assert found["mean"] == pytest.approx(levels.mean())
    assert found["contrast"] == pytest.approx(levels.std())
    for name, share in (("percentile 1", 1), ("median", 50), ("percentile 99", 99)):
        assert found[name] == np.percentile(film, share, method="inverted_cdf")
    assert found["border mean"] == pytest.approx(levels[border].mean())
    assert found["entropy"] == pytest.approx(stats.entropy(np.bincount(film.ravel() // 4, minlength=64), base=2))


def test_sharpness_falls_with_blur_and_not_with_contrast():
    film = np.random.default_rng(0).integers(0, 200, (64, 64)).astype(float)
    blurred = ndimage.gaussian_filter(film, 2)
    sharp = [_named(one.astype(np.uint8))["sharpness"] for one in (film, film / 2, blurred)]
    assert sharp[0] == pytest.approx(sharp[1], rel=0.02)
    assert sharp[2] < 0.5 * sharp[0]


def test_a_blank_picture_has_none():
    found = _named(np.full((32, 32), 255, np.uint8))
    assert found["contrast"] == found["sharpness"] == found["entropy"] == 0
    assert found["mean"] == found["border mean"] == found["median"] == 255

"""Likeness of two maps, held to plain sums over windows and to SciPy."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from keras_cxr.evaluation.map_similarity import rank_correlation, ssim, top_overlap


@pytest.fixture
def two():
    random = np.random.default_rng(0)
    one = random.random((24, 30))
    return one, np.clip(one + random.normal(0, 0.3, one.shape), 0, 1)


def test_ssim_is_the_mean_over_windows(two):
    """Equations 13 to 17 of Wang et al. 2004, window by window."""
    offsets = np.arange(-5, 6)
    bell = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    bell /= bell.sum()
    x, y = (np.pad(heatmap, 5, mode="reflect") for heatmap in two)
    found = []
    for row, column in np.ndindex(two[0].shape):
        a, b = x[row : row + 11, column : column + 11], y[row : row + 11, column : column + 11]
        mean_a, mean_b = (bell * a).sum(), (bell * b).sum()
        variance_a, variance_b = (bell * (a - mean_a) ** 2).sum(), (bell * (b - mean_b) ** 2).sum()
        covariance = (bell * (a - mean_a) * (b - mean_b)).sum()
        light = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
        found.append(light * (2 * covariance + 0.03**2) / (variance_a + variance_b + 0.03**2))
    assert ssim(*two) == pytest.approx(np.mean(found), abs=1e-9)


def test_ssim_of_flat_maps():
    """Without structure the light alone is compared: (2ab + c) / (a² + b² + c)."""
    one, other = np.full((16, 16), 0.2), np.full((16, 16), 0.6)
    assert ssim(one, other) == pytest.approx((2 * 0.12 + 1e-4) / (0.04 + 0.36 + 1e-4))
    assert ssim(one, one) == pytest.approx(1)


def test_rank_correlation_against_scipy(two):
    one, other = (np.round(heatmap, 1) for heatmap in two)  # ties
    assert rank_correlation(one, other) == pytest.approx(spearmanr(one.ravel(), other.ravel()).statistic)
    assert rank_correlation(one, one**3) == pytest.approx(1)
    assert rank_correlation(one, 1 - one) == pytest.approx(-1)
    assert rank_correlation(one, np.zeros_like(one)) == 0


def test_top_overlap():
    one, shifted = np.zeros((20, 20)), np.zeros((20, 20))
    one[:4, :10], shifted[:4, 5:15] = 1, 1  # a tenth each, half in common
    assert top_overlap(one, shifted) == pytest.approx(1 / 3)
    assert top_overlap(one, one / 2) == 1
    assert top_overlap(one, np.zeros_like(one)) == 0
    few = np.zeros((20, 20))
    few[0, :10] = 1  # fewer pixels than a tenth
    assert top_overlap(one, few) == pytest.approx(10 / 40)


def test_overlap_of_random_maps_is_chance():
    random = np.random.default_rng(0)
    found = np.mean([top_overlap(random.random((100, 100)), random.random((100, 100))) for _ in range(20)])
    assert found == pytest.approx(0.01 / 0.19, abs=0.003)

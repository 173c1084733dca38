import numpy as np
import pytest

from keras_cxr.evaluation import bootstrap
from keras_cxr.evaluation.bootstrap import clustered_draws, expanded_confidence, percentile_interval


@pytest.mark.parametrize("clusters", [np.arange(7), np.array([0, 0, 1, 2, 2, 2, 1]), np.zeros(3, dtype=int)])
@pytest.mark.parametrize("block", [1, 40, 10**6])
def test_each_draw_takes_as_many_patients_as_there_are(clusters, block, monkeypatch):
    monkeypatch.setattr(bootstrap, "_BLOCK", block)
    weights = np.concatenate(list(clustered_draws(clusters, draws=50, seed=3)))
    assert weights.shape == (50, len(clusters))
    _, first = np.unique(clusters, return_index=True)
    assert (weights[:, first].sum(axis=1) == len(first)).all()
    assert (weights == weights[:, first][:, clusters]).all()


def test_counts_are_multinomial():
    """Mean 1, variance 1 - 1/n, covariance -1/n."""
    weights = np.concatenate(list(clustered_draws(np.arange(5), draws=40_000, seed=0)))
    expected = np.full((5, 5), -1 / 5) + np.eye(5)
    assert weights.mean(axis=0) == pytest.approx(np.ones(5), abs=0.02)
    assert np.cov(weights.T) == pytest.approx(expected, abs=0.03)


def test_the_seed_fixes_the_draws():
    first, second, other = (np.concatenate(list(clustered_draws(np.arange(9), 20, seed))) for seed in (1, 1, 2))
    assert (first == second).all()
    assert (first != other).any()


def test_no_films_no_draws():
    assert list(clustered_draws(np.array([], dtype=int))) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(1, 1001), (26, 975)),
        (np.append(np.arange(1, 1001), [np.nan] * 50), (26, 975)),
        (np.append(np.arange(10), np.inf), (0, np.inf)),
    ],
)
def test_percentiles_are_order_statistics(values, expected):
    assert percentile_interval(np.random.default_rng(0).permutation(values.astype(float))) == expected


def test_percentiles_of_nothing():
    assert np.isnan(percentile_interval(np.array([np.nan, np.nan]))).all()


@pytest.mark.parametrize(("patients", "expected"), [(1, 0.95), (10, 0.9829), (10**7, 0.95)])
def test_few_patients_take_percentiles_further_out(patients, expected):
    """0.0085 for 10: t(0.975, 9) = 2.262 times the root of 10 / 9 is 2.385 standard deviations."""
    assert expanded_confidence(patients) == pytest.approx(expected, abs=1e-4)


def test_the_expanded_percentiles_cover_a_mean():
    """Of 8 normal values; plain percentiles hold the mean in about 88 % of the samples."""
    random = np.random.default_rng(0)
    covered = 0
    for number in range(400):
        values = random.normal(size=8)
        means = np.concatenate(list(clustered_draws(np.arange(8), 400, number))) @ values / 8
        low, high = percentile_interval(means, expanded_confidence(8))
        covered += low <= 0 <= high
    assert 368 <= covered <= 392

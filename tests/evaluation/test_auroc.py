import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from keras_cxr.evaluation.auroc import auroc, delong_covariance, delong_interval, delong_test


def brute_force(truth, scores):
    """DeLong 1988, equations 2 to 6, pair by pair."""
    positive, negative = scores[:, truth == 1], scores[:, truth == 0]
    psi = (positive[:, :, None] > negative[:, None, :]) + 0.5 * (positive[:, :, None] == negative[:, None, :])
    areas, v10, v01 = psi.mean(axis=(1, 2)), psi.mean(axis=2), psi.mean(axis=1)
    models, m, n = len(scores), positive.shape[1], negative.shape[1]
    covariance = np.empty((models, models))
    for r, s in itertools.product(range(models), repeat=2):
        s10 = ((v10[r] - areas[r]) * (v10[s] - areas[s])).sum() / (m - 1)
        s01 = ((v01[r] - areas[r]) * (v01[s] - areas[s])).sum() / (n - 1)
        covariance[r, s] = s10 / m + s01 / n
    return areas, covariance


def films(n, seed, decimals=None, models=3):
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, n)
    truth[:4] = [0, 1, 0, 1]
    scores = random.normal(size=(models, n)) + truth * np.linspace(0.3, 1.5, models)[:, None] + random.normal(size=n)
    return truth, scores if decimals is None else np.round(scores, decimals)


@pytest.mark.parametrize("decimals", [None, 1, 0])
@pytest.mark.parametrize(("n", "seed"), [(5, 1), (40, 2), (301, 3)])
def test_delong_equals_brute_force_and_scikit_learn(n, seed, decimals):
    truth, scores = films(n, seed, decimals)
    areas, covariance = delong_covariance(truth, scores)
    expected_areas, expected_covariance = brute_force(truth, scores)
    assert areas == pytest.approx(expected_areas, abs=1e-12)
    assert covariance == pytest.approx(expected_covariance, abs=1e-12)
    assert auroc(truth, scores[0]) == pytest.approx(roc_auc_score(truth, scores[0]), abs=1e-12)


def test_the_paired_test_is_the_z_test_of_the_covariance():
    truth, scores = films(80, 5, 1, models=2)
    areas, covariance = brute_force(truth, scores)
    error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    result = delong_test(truth, *scores)
    assert result.difference == pytest.approx(areas[0] - areas[1], abs=1e-12)
    assert result.p_value == pytest.approx(2 * stats.norm.cdf(-abs(areas[0] - areas[1]) / error), abs=1e-12)
    assert (result.low + result.high) / 2 == pytest.approx(result.difference, abs=1e-12)
    assert (result.high - result.low) / 2 == pytest.approx(1.959963984540054 * error, abs=1e-12)


def test_a_model_against_itself():
    truth, scores = films(50, 6)
    assert delong_test(truth, scores[0], np.exp(scores[0])).p_value == 1


def test_the_paired_test_holds_its_level():
    random = np.random.default_rng(0)
    truth = np.repeat([0, 1], 40)
    hits = 0
    for _ in range(200):
        shared = truth + random.normal(size=80)
        hits += delong_test(truth, *(shared + 0.5 * random.normal(size=(2, 80)))).p_value < 0.05
    assert 2 <= hits <= 20


def test_the_interval_covers_the_true_area():
    random = np.random.default_rng(0)
    truth = np.repeat([0, 1], 40)
    true_area = stats.norm.cdf(1.5 / np.sqrt(2))
    covered = 0
    for _ in range(200):
        low, high = delong_interval(truth, 1.5 * truth + random.normal(size=80))
        covered += low <= true_area <= high
    assert 180 <= covered <= 199


def test_the_clustered_interval():
    """One film a patient: DeLong's own, nearly; films copied under their patient: no narrower than without copies."""
    truth, scores = films(120, 7, models=1)
    alone = delong_interval(truth, scores[0])
    assert delong_interval(truth, scores[0], clusters=np.arange(120)) == pytest.approx(alone, abs=1e-12)
    copied = delong_interval(np.tile(truth, 3), np.tile(scores[0], 3), clusters=np.tile(np.arange(120), 3))
    assert copied == pytest.approx(alone, abs=1e-3)
    assert np.isnan(delong_interval(truth, scores[0], clusters=np.zeros(120, int))).all()


@pytest.mark.parametrize(
    ("truth", "score", "area"),
    [
        ([1, 1, 1], [0.1, 0.2, 0.3], np.nan),
        ([], [], np.nan),
        ([0, 1], [0.1, 0.9], 1.0),
        ([0, 0, 1, 1], [1, 2, 3, 4], 1.0),
    ],
)
@pytest.mark.filterwarnings("error")
def test_where_nothing_can_be_said(truth, score, area):
    assert auroc(np.array(truth), np.array(score)) == pytest.approx(area, nan_ok=True)
    assert np.isnan(delong_interval(np.array(truth), np.array(score))).all()
    assert np.isnan(delong_test(np.array(truth[:2]), np.array(score[:2]), np.array(score[:2])).p_value)

import numpy as np
import pytest
from scipy import special
from sklearn.metrics import balanced_accuracy_score, log_loss

from keras_cxr.evaluation.calibration import (
    fit_temperature,
    fit_threshold,
    probabilities,
    threshold_for_sensitivity,
)


def test_probabilities():
    logits = np.array([[-3.0], [0.0], [800.0]])
    expected = special.expit(logits[:, 0] / 2)
    assert probabilities(logits, 2.0) == pytest.approx(np.column_stack([1 - expected, expected]), abs=1e-15)
    many = np.array([[1.0, 2.0, 3.0], [0.0, 1000.0, 0.0]], dtype="float32")
    powers = np.exp(many[0].astype("float64") / 0.5)
    assert probabilities(many, 0.5) == pytest.approx(np.stack([powers / powers.sum(), [0, 1, 0]]), abs=1e-15)
    assert probabilities(many).dtype == np.float64


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_a_known_temperature_is_recovered(k, temperature):
    random = np.random.default_rng(0)
    true_logits = random.normal(size=(20_000, k)) * 2
    p = probabilities(true_logits)
    targets = (random.random(len(p))[:, None] > np.cumsum(p, axis=1)[:, :-1]).sum(axis=1)
    assert fit_temperature(true_logits * temperature, targets) == pytest.approx(temperature, rel=0.05)


def test_no_other_temperature_has_a_lower_loss():
    random = np.random.default_rng(1)
    targets = random.integers(0, 2, 60)
    logits = (3 * random.normal(size=60) + 2 * targets - 1)[:, None]
    best = log_loss(targets, probabilities(logits, fit_temperature(logits, targets)))
    others = [log_loss(targets, probabilities(logits, t)) for t in np.geomspace(0.05, 20, 400)]
    assert best <= min(others) + 1e-12


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_separable_films_have_a_finite_temperature_with_platts_certainty(scale):
    targets = np.repeat([0, 1], 20)
    logits = scale * np.where(targets == 1, 2.0, -2.0)[:, None]
    temperature = fit_temperature(logits, targets)
    assert 0.05 <= temperature <= 20
    if scale == 1:
        assert probabilities(logits, temperature)[-1, 1] == pytest.approx(21 / 22, abs=1e-5)


@pytest.mark.parametrize(("n", "targets"), [(9, [0, 1, 0, 1, 0, 1, 0, 1, 0]), (12, [1] * 12), (0, [])])
def test_too_little_to_fit(n, targets):
    assert fit_temperature(np.linspace(-1, 1, n)[:, None], np.array(targets)) == 1.0


@pytest.mark.parametrize("decimals", [1, 2, 8])
@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_is_better(seed, decimals):
    random = np.random.default_rng(seed)
    truth = np.append([0, 1], random.integers(0, 2, 60))
    p = np.round(special.expit(truth + 1.5 * random.normal(size=62)), decimals)
    threshold = fit_threshold(truth, p)
    best = balanced_accuracy_score(truth, p >= threshold)
    assert 0 < threshold < 1
    assert best == pytest.approx(
        max(balanced_accuracy_score(truth, p >= t) for t in np.append(np.unique(p), 2)), abs=1e-12
    )


@pytest.mark.parametrize(
    ("truth", "p", "expected"),
    [
        ([0, 1], [0.2, 0.6], 0.4),
        ([0, 1, 0, 1], [0.1, 0.2, 0.7, 0.8], 0.75),  # equally wide: nearer 0.5
        ([0, 1, 0, 1], [0.1, 0.2, 0.5, 0.9], 0.7),  # the wider gap
        ([0, 1, 0, 1], [0.0, 0.25, 0.5, 0.75], 0.625),  # equally wide: nearer 0.5
        ([0, 1], [0.0, 1.0], 0.5),
        ([0, 1], [0.0, 0.0], 0.5),
        ([1, 1], [0.1, 0.2], 0.5),
        ([], [], 0.5),
    ],
)
def test_ties_of_thresholds(truth, p, expected):
    assert fit_threshold(truth, p) == pytest.approx(expected)


def test_between_neighbouring_floats_the_decision_still_divides():
    low = 0.3
    high = np.nextafter(low, 1)
    threshold = fit_threshold([0, 1], [low, high])
    assert low < threshold <= high


@pytest.mark.parametrize("sensitivity", [0.07, 0.5, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("decimals", [None, 1])
def test_a_threshold_for_a_sensitivity(sensitivity, decimals):
    """It reaches the sensitivity, and no higher threshold does."""
    random = np.random.default_rng(3)
    truth = np.repeat([0, 1], [150, 100])
    p = special.expit(random.normal(size=250) + truth)
    p = p if decimals is None else np.round(p, decimals)
    threshold = threshold_for_sensitivity(truth, p, sensitivity)
    assert 0 <= threshold <= 1
    assert (p[truth == 1] >= threshold).mean() >= sensitivity
    assert (p[truth == 1] > p[p >= threshold].min()).mean() < sensitivity
    if decimals is None:
        assert (p[truth == 1] >= threshold).sum() == round(sensitivity * 100)


def test_no_positive_film_no_threshold():
    assert np.isnan(threshold_for_sensitivity([0, 0], [0.1, 0.9], 0.9))
    assert threshold_for_sensitivity([1], [0.0], 0.9) == 0

import numpy as np
import pytest
from scipy import optimize, special

from keras_cxr.evaluation.prior_shift import estimate_prior, with_prior


def simulated(prior, films, seed=0):
    """Films of classes at the corners of a simplex, with normal noise: posteriors for equal shares, and classes."""
    random = np.random.default_rng(seed)
    k = len(prior)
    truth = random.choice(k, films, p=prior)
    seen = np.eye(k)[truth] * 1.5 + random.normal(size=(films, k))
    logarithms = -0.5 * ((seen[:, None, :] - np.eye(k)[None] * 1.5) ** 2).sum(axis=2)
    return special.softmax(logarithms, axis=1), truth


@pytest.mark.parametrize("prior", [(0.9, 0.1), (0.3, 0.7), (0.6, 0.3, 0.1)])
def test_the_true_shares_are_found(prior):
    p, truth = simulated(prior, 20_000)
    reference = np.full(len(prior), 1 / len(prior))
    found = estimate_prior(p, reference)
    assert found == pytest.approx(prior, abs=0.02)
    corrected = with_prior(p, reference, found)

    def log_loss(p):
        return -np.log(p[np.arange(len(p)), truth]).mean()

    assert log_loss(corrected) < log_loss(p) - 0.005


@pytest.mark.parametrize("reference", [(0.5, 0.5), (0.2, 0.8), (0.2, 0.5, 0.3)])
def test_it_is_the_maximum_of_the_likelihood(reference):
    reference = np.array(reference)
    p = with_prior(simulated(reference[::-1], 300, 1)[0], np.full(len(reference), 1 / len(reference)), reference)

    def surprise(scores):
        return -np.log((p * special.softmax(np.append(0, scores)) / reference).sum(axis=1)).sum()

    best = optimize.minimize(surprise, np.zeros(len(reference) - 1), method="Nelder-Mead", options={"xatol": 1e-8})
    assert estimate_prior(p, reference) == pytest.approx(special.softmax(np.append(0, best.x)), abs=1e-4)


def test_the_same_shares_change_nothing():
    p = simulated((0.4, 0.6), 50)[0]
    assert with_prior(p, [0.3, 0.7], [0.3, 0.7]) == pytest.approx(p)
    assert with_prior([[1.0, 0.0]], [0.5, 0.5], [0.0, 1.0]) == pytest.approx(np.array([[1.0, 0.0]]))

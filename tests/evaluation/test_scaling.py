import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from keras_cxr.evaluation.scaling import fit_scaling


def test_of_two_classes_it_is_platts():
    random = np.random.default_rng(0)
    truth = (random.random(4000) < 0.3).astype(int)
    logits = (4 * random.normal(size=4000) + 6 * truth - 9)[:, None]
    found = fit_scaling(logits, truth, 2)
    peer = LogisticRegression(C=np.inf, max_iter=1000).fit(logits, truth)
    assert found.scale == pytest.approx(peer.coef_[0, 0], rel=0.02)
    assert found.bias[1] == pytest.approx(peer.intercept_[0], rel=0.02)
    assert found(logits)[:, 1] == pytest.approx(peer.predict_proba(logits)[:, 1], abs=0.01)


def test_of_three_classes_the_shares_and_the_sureness_are_right():
    random = np.random.default_rng(1)
    scores = random.normal(size=(6000, 3)) * 2
    p = np.exp(scores + np.array([0.0, 1.0, -1.0]))
    p /= p.sum(axis=1, keepdims=True)
    truth = (random.random((6000, 1)) > p.cumsum(axis=1)).sum(axis=1)
    found = fit_scaling(scores * 3, truth, 3)
    assert found.scale == pytest.approx(1 / 3, rel=0.06)
    assert found.bias == pytest.approx([0.0, 1.0, -1.0], abs=0.12)
    assert found(scores * 3).mean(axis=0) == pytest.approx(np.bincount(truth) / 6000, abs=0.01)


def test_films_told_apart_without_fault_and_upside_down_give_finite_numbers():
    truth = np.arange(10) % 2
    apart = np.where(truth, 5.0, -5.0)[:, None]
    p = fit_scaling(apart, truth, 2)(apart)[:, 1]
    # Platt's targets of five films each: 1 / 7 and 6 / 7.
    assert p == pytest.approx(np.where(truth, 6 / 7, 1 / 7), abs=1e-3)
    assert fit_scaling(-apart, truth, 2).scale == 0
    assert fit_scaling(-apart, truth, 2)(apart) == pytest.approx(np.full((10, 2), 0.5), abs=1e-3)

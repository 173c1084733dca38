"""A setting is never chosen on the films that it is scored on."""

import numpy as np
import pytest

from keras_cxr.evaluation.cross_fit import cross_fitted, halves


@pytest.mark.parametrize("seed", range(5))
def test_patients_stay_together(seed):
    clusters = np.random.default_rng(seed).permutation(np.repeat(np.arange(9), 3))
    second = halves(clusters, seed)
    assert all(len(set(second[clusters == patient])) == 1 for patient in range(9))
    assert len(set(clusters[second])) == 4


def test_each_half_is_scored_by_the_choice_of_the_other():
    clusters = np.arange(20)
    second = halves(clusters)
    # The first half is best at setting 0, the second at setting 1; what suits oneself is worth 1.
    curves = np.stack([~second, second, np.zeros(20)], axis=1).astype(float)
    scores, chosen = cross_fitted(curves, clusters)
    assert chosen == [1, 0]
    assert not scores.any()


def test_noise_does_not_profit_from_the_choice():
    random = np.random.default_rng(0)
    runs = [cross_fitted(random.random((30, 50)), np.arange(30), seed)[0].mean() for seed in range(40)]
    assert np.mean(runs) == pytest.approx(0.5, abs=0.02)


def test_one_patient_has_nobody_to_choose_on():
    scores, chosen = cross_fitted(np.ones((3, 2)), np.zeros(3, int))
    assert np.isnan(scores).all()
    assert chosen == []

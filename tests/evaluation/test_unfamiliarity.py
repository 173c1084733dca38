"""Against scikit-learn's PCA and covariance."""

import numpy as np
import pytest
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from keras_cxr.evaluation.unfamiliarity import fit_both, fit_familiar, larger, unfamiliarity


def _vectors(n, width=12, seed=0):
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(width, width))
    return random.normal(size=(n, width)) @ mixing + 5


def test_with_every_component_it_is_mahalanobis_distance():
    training, validation, asked = _vectors(400), _vectors(200, seed=1), _vectors(50, seed=2)
    found = fit_familiar(training, validation)
    reference = EmpiricalCovariance().fit(training)
    unit = np.quantile(np.sqrt(reference.mahalanobis(validation)), 0.95, method="higher")
    np.testing.assert_allclose(unfamiliarity(found, asked), np.sqrt(reference.mahalanobis(asked)) / unit, rtol=1e-4)


def test_with_few_components_the_rest_counts_by_its_length():
    training, validation, asked = _vectors(400), _vectors(200, seed=1), _vectors(50, seed=2)
    scaler, pca = StandardScaler().fit(training), PCA(4).fit(StandardScaler().fit_transform(training))

    def distance(vectors):
        scaled = scaler.transform(vectors)
        parts = pca.transform(scaled)
        return parts, np.linalg.norm(scaled - pca.inverse_transform(parts), axis=1)

    inside, outside = distance(training)
    inner = EmpiricalCovariance(assume_centered=True).fit(inside)

    def whole(vectors):
        parts, rest = distance(vectors)
        return np.sqrt(inner.mahalanobis(parts) + ((rest - outside.mean()) / outside.std()) ** 2)

    unit = np.quantile(whole(validation), 0.95, method="higher")
    found = fit_familiar(training, validation, components=4)
    assert found.components.shape == (4, 12)
    np.testing.assert_allclose(unfamiliarity(found, asked), whole(asked) / unit, rtol=1e-4)


def test_5_in_100_validation_films_lie_above_1_and_strange_ones_all_do():
    training, validation = _vectors(1000), _vectors(1000, seed=1)
    found = fit_familiar(training, validation)
    assert (unfamiliarity(found, validation) > 1).mean() == pytest.approx(0.05, abs=0.002)
    assert (unfamiliarity(found, _vectors(1000, seed=2)) > 1).mean() == pytest.approx(0.05, abs=0.03)
    assert (unfamiliarity(found, validation[:50] + 60) > 2).all()


def test_a_feature_that_no_training_film_has_counts_without_taking_over():
    training, validation = _vectors(400), _vectors(200, seed=1)
    training[:, 3] = validation[:, 3] = 0
    found = fit_familiar(training, validation)
    asked = validation[:5].copy()
    asked[:, 3] = 40
    assert (unfamiliarity(found, asked) > 1.5).all()
    assert np.isfinite(unfamiliarity(found, asked)).all()


def test_few_films_and_constant_ones():
    few = fit_familiar(_vectors(20), _vectors(10, seed=1))
    assert few.components.shape == (2, 12)
    constant = fit_familiar(np.ones((20, 3)), np.ones((10, 3)))
    assert unfamiliarity(constant, np.ones((2, 3))) == pytest.approx(0)


def test_more_numbers_than_films():
    training, validation, asked = (_vectors(100, 150, seed) for seed in range(3))
    found, scaler = fit_familiar(training, validation), StandardScaler().fit(training)
    own = PCA(10, svd_solver="full").fit(scaler.transform(training)).components_
    np.testing.assert_allclose(np.abs(found.components @ own.T), np.eye(10), atol=1e-4)
    assert np.isfinite(unfamiliarity(found, asked)).all()


def test_of_two_respects_the_larger_counts():
    training, validation = (_vectors(500), _vectors(500, 5, 4)), (_vectors(400, seed=1), _vectors(400, 5, 5))
    both = fit_both(training, validation)
    assert (larger(both, validation) > 1).mean() == pytest.approx(0.05, abs=0.003)
    for respect in (0, 1):
        odd = [one[:20].copy() for one in validation]
        odd[respect] += 60
        assert (larger(both, odd) > 1.5).all()


def test_another_width():
    with pytest.raises(ValueError, match="width 12"):
        unfamiliarity(fit_familiar(_vectors(50), _vectors(50)), np.ones((2, 5)))

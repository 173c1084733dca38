"""The neighbours' arithmetic against scikit-learn used directly and against distances by hand."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_cxr.errors import UsageError
from keras_cxr.evaluation.neighbours import NeighbourVote, choose_k, nearest


@pytest.fixture(scope="module")
def clouds():
    """Three overlapping classes; the third feature is large and says nothing."""
    rng = np.random.default_rng(0)
    targets = rng.integers(3, size=240)
    vectors = rng.normal(size=(240, 3)) + np.eye(3)[targets] * [1.5, 1.5, 0]
    return vectors * [1, 1, 1000], targets


def scikit_learn(k):
    return make_pipeline(StandardScaler(), KNeighborsClassifier(k))


@pytest.mark.parametrize("k", [1, 7, 160])
def test_shares_are_those_of_scikit_learn(clouds, k):
    vectors, targets = clouds
    found = NeighbourVote(vectors[:160], targets[:160], 3, k).shares(vectors[160:])
    expected = scikit_learn(k).fit(vectors[:160], targets[:160]).predict_proba(vectors[160:])
    np.testing.assert_allclose(found, expected)


def test_a_class_without_training_films_gets_no_vote(clouds):
    vectors, targets = clouds
    some = np.flatnonzero(targets != 1)
    found = NeighbourVote(vectors[some], targets[some], 3, 5).shares(vectors)
    assert (found[:, 1] == 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("k", [0, 161])
def test_k_outside_of_the_training_films(clouds, k):
    with pytest.raises(UsageError, match=rf"between 1 and the 160 training films. Received: {k}"):
        NeighbourVote(clouds[0][:160], clouds[1][:160], 3, k)


def test_k_is_the_best_of_validation(clouds):
    vectors, targets = clouds
    training, validation = (vectors[:40], targets[:40]), (vectors[40:], targets[40:])
    found = choose_k(training, validation, 3)
    expected = {k: scikit_learn(k).fit(*training).score(*validation) for k in range(1, 41, 2)}
    assert found == pytest.approx(expected)
    best = max(expected.values())
    assert next(iter(found)) == min(k for k, accuracy in expected.items() if accuracy == best)


def test_nearest_by_hand(clouds):
    vectors, _ = clouds
    rows, distances = nearest(vectors[1:], vectors[0], 4)
    scaled = (vectors - vectors[1:].mean(axis=0)) / vectors[1:].std(axis=0)
    by_hand = np.sqrt(((scaled[1:] - scaled[0]) ** 2).mean(axis=1))
    assert list(rows) == list(np.argsort(by_hand)[:4])
    np.testing.assert_allclose(distances, np.sort(by_hand)[:4])
    assert len(nearest(vectors[1:4], vectors[0], 9)[0]) == 3

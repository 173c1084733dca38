import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from keras_cxr.evaluation.telling_apart import area_with_interval, standardised_difference, tell_apart


def _sets(shift, n=400, width=20, patients=200, seed=0):
    random = np.random.default_rng(seed)
    return (
        random.normal(size=(n, width)),
        random.normal(size=(n, width)) + np.eye(width)[0] * shift,
        random.integers(0, patients, n),
        random.integers(0, patients, n),
    )


def test_normal_sets_are_told_apart_as_well_as_theory_says():
    area = tell_apart(*_sets(1.5, n=2000, patients=1000))
    assert area.value == pytest.approx(stats.norm.cdf(1.5 / np.sqrt(2)), abs=0.02)
    assert area.low < area.value < area.high
    assert area.n == 4000


def test_sets_of_one_kind_are_not_told_apart():
    area = tell_apart(*_sets(0))
    assert area.low < 0.5 < area.high


def test_films_of_a_patient_are_not_learnt_by_heart():
    # Every patient has a look of their own and 20 films: a fold by film would know them all.
    random = np.random.default_rng(1)
    looks = random.normal(size=(40, 30)) * 3
    patients = np.repeat(np.arange(40), 20)
    vectors = looks[patients] + random.normal(size=(800, 30)) * 0.1
    area = tell_apart(vectors[:400], vectors[400:], patients[:400], patients[400:])
    assert area.value < 0.75
    assert area.high - area.low > 0.2


def test_sets_without_anything_in_common_have_an_interval_below_1():
    area = tell_apart(*_sets(100))
    assert area.value == 1
    assert 0.9 < area.low < 1
    assert area.high == 1


def test_a_set_of_one_patient_cannot_be_told():
    first, second, patients, _ = _sets(1)
    assert tell_apart(first, second, patients, np.zeros(len(second))) is None


def test_area_is_scikit_learns():
    random = np.random.default_rng(2)
    truth, score = random.integers(0, 2, 300), random.normal(size=300)
    assert area_with_interval(truth, score, np.arange(300)).value == pytest.approx(roc_auc_score(truth, score))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 3], [2, 4], 1 / np.sqrt(2)),  # both variances are 2
        ([1, 1], [1, 1], 0),
        ([1, 1], [2, 2], np.inf),
        ([2, 2], [1, 1], -np.inf),
        ([1, np.nan, 3], [2, 4], 1 / np.sqrt(2)),
        ([1], [2, 4], np.nan),
    ],
)
def test_standardised_difference(first, second, expected):
    found = standardised_difference(np.array(first, float), np.array(second, float))
    assert found == pytest.approx(expected, nan_ok=True)

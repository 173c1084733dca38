import numpy as np
import pytest

from keras_cxr.evaluation.labelled_draws import draw_labelled, film_counts


@pytest.mark.parametrize("count", [4, 10, 37, 100])
def test_no_patient_is_on_both_sides_and_each_class_has_its_share(count):
    random = np.random.default_rng(0)
    cluster = np.sort(random.integers(0, 120, 300))
    cluster = np.unique(cluster, return_inverse=True)[1]
    sick = random.random(cluster.max() + 1) < 0.3
    truth = (sick[cluster] ^ (random.random(300) < 0.05)).astype("int64")
    different, shares = set(), []
    for fitted, scored in draw_labelled(truth, cluster, count, 20):
        assert len(fitted) == len(set(fitted)) == count
        assert not set(cluster[fitted]) & set(cluster[scored])
        shares.append(truth[fitted].mean())
        assert 0 < truth[fitted].sum() < count
        different.add(tuple(fitted))
    assert len(different) == 20
    # A patient of both classes may bring a film of the other.
    assert np.mean(shares) == pytest.approx(truth.mean(), abs=0.05)
    assert np.std(shares) < 0.5 * np.sqrt(0.28 * 0.72 / count)


def test_which_numbers_are_tried():
    truth = np.repeat([0, 1], [300, 200])
    assert film_counts(200, truth, 2) == [10, 20, 50, 100, 200]
    assert film_counts(30, truth, 2) == [10, 20, 30]
    assert film_counts(10_000, truth, 2) == [10, 20, 50, 100, 200]
    assert film_counts(3, truth, 2) == []
    assert film_counts(50, np.repeat([0, 1], [100, 8]), 2) == [10, 20]

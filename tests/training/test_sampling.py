"""Which films are trained on, and how they are mixed."""

import numpy as np
import pytest
import tensorflow as tf

from keras_cxr.training.mixup import mix
from keras_cxr.training.sampling import sample

ROWS = np.arange(100, 160)
TARGETS = np.repeat([0, 1, 2], [40, 15, 5])


@pytest.mark.parametrize(("how", "size"), [("undersample", 5), ("oversample", 40)])
def test_classes_get_equal(how, size):
    chosen = sample(ROWS, TARGETS, how, seed=3)
    counts = np.unique(chosen, return_counts=True)[1]
    by_class = np.bincount(TARGETS[chosen - 100])
    assert by_class.tolist() == [size] * 3
    assert np.array_equal(chosen, sample(ROWS, TARGETS, how, seed=3))
    assert not np.array_equal(chosen, sample(ROWS, TARGETS, how, seed=4))
    if how == "undersample":
        assert counts.max() == 1
    else:
        assert set(chosen) == set(ROWS)
        # Nobody a third time before all are there twice: 15 films to 40 are 10 of them three times.
        assert sorted(np.bincount(chosen - 100)[TARGETS == 1]) == [2] * 5 + [3] * 10


def test_none_is_all_in_order():
    assert sample(ROWS, TARGETS, "none", seed=0) is ROWS


def batches():
    films = np.arange(12, dtype=np.float32).reshape(12, 1, 1, 1) ** 2
    parts = (films, np.eye(12, dtype=np.float32), np.arange(12, dtype=np.float32))
    return tf.data.Dataset.from_tensor_slices(parts).batch(8)


def test_mixup_mixes_films_targets_and_weights_alike():
    mixed = list(mix(batches(), 0.4, seed=1, epoch=2).as_numpy_iterator())
    assert [len(films) for films, *_ in mixed] == [8, 4]
    shares = []
    for films, targets, weights in mixed:
        assert targets.sum(axis=1) == pytest.approx(1)
        assert films[:, 0, 0, 0] == pytest.approx(targets @ np.arange(12) ** 2)
        assert weights == pytest.approx(targets @ np.arange(12))
        shares.append(max(row[row > 0].min() for row in targets if (row > 0).sum() == 2))
    assert shares[0] != shares[1]


def test_mixup_is_the_same_at_every_run_and_another_in_every_epoch():
    first, again, other = (
        np.concatenate([targets for _, targets, _ in mix(batches(), 0.4, seed=1, epoch=epoch).as_numpy_iterator()])
        for epoch in (2, 2, 3)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)

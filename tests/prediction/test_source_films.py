import numpy as np

from keras_cxr.prediction.source_films import spread


def test_films_are_chosen_from_every_class():
    labels = np.array(["b"] * 90 + ["a"] * 10)
    assert sorted(labels[spread(labels, 10)]) == ["a"] + ["b"] * 9
    assert sorted(spread(labels, 1000)) == list(range(100))
    assert len(spread(labels[:0], 5)) == 0

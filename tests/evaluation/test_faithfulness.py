"""Which pixels are taken first, and the numbers of a curve."""

import numpy as np
import pytest

from keras_cxr.evaluation.faithfulness import area_under, drop, increase, strongest_first


def test_strongest_pixels_come_first():
    heatmap = np.random.default_rng(0).random((8, 8))
    taken = strongest_first(heatmap, steps=4)
    assert taken.sum(axis=(1, 2)).tolist() == [0, 16, 32, 48, 64]
    for step in taken[1:-1]:
        assert heatmap[step].min() > heatmap[~step].max()


def test_pixels_of_equal_strength_come_in_random_order():
    taken = strongest_first(np.zeros((50, 50)), steps=2)[1]
    assert taken.sum() == 1250
    # By rows, as a stable sort gives, the upper half would be taken whole.
    assert taken[:25].mean() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    ("curve", "area"),
    [([1, 1, 1], 1), ([1, 0], 0.5), ([0, 1, 1, 1, 1], 0.875), (np.linspace(0, 1, 33) ** 2, 1 / 3 + 1 / (6 * 32**2))],
)
def test_area(curve, area):
    assert area_under(curve) == pytest.approx(area)


def test_deletion_and_insertion_of_a_linear_network():
    """Where the probability is the share of a quarter that is left, the best order has areas known in closed form."""
    heatmap = np.zeros((8, 8))
    heatmap[:4, :4] = 1
    taken = strongest_first(heatmap, steps=64)
    left = 1 - taken[:, :4, :4].mean(axis=(1, 2))
    assert area_under(left) == pytest.approx(0.125)
    assert area_under(1 - left) == pytest.approx(0.875)
    worst = strongest_first(-heatmap, steps=64)[:, :4, :4].mean(axis=(1, 2))
    assert area_under(1 - worst) == pytest.approx(0.875)


def test_drop_and_increase():
    whole, explained = np.array([0.8, 0.5, 0.4]), np.array([0.2, 0.5, 0.6])
    assert drop(whole, explained) == pytest.approx([0.75, 0, 0])
    assert increase(whole, explained).tolist() == [0, 0, 1]

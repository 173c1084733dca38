import numpy as np
import pytest
from scipy import stats

from keras_cxr.evaluation.wilson import effective_n, wilson_interval


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (81, 263), (15, 148), (1, 29), (999, 1000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_equals_scipy(hits, n, confidence):
    expected = stats.binomtest(hits, n).proportion_ci(confidence, method="wilson")
    assert wilson_interval(hits / n, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_published_example():
    """Newcombe, Statistics in Medicine 1998, table I, method 3: 81 of 263."""
    assert wilson_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(("p", "n"), [(np.nan, 5), (0.5, 0)])
def test_undefined(p, n):
    assert np.isnan(wilson_interval(p, n)).all()


@pytest.mark.parametrize(
    ("clusters", "counted", "expected"),
    [
        ([0, 1, 2, 3], [1, 1, 1, 1], 4),
        ([0, 0, 1, 1], [1, 1, 1, 1], 2),
        ([0, 0, 0, 1], [1, 1, 1, 1], 16 / 10),
        ([0, 0, 0, 1], [1, 0, 0, 1], 2),
        ([0, 1], [0, 0], 0),
    ],
)
def test_effective_n(clusters, counted, expected):
    assert effective_n(np.array(clusters), np.array(counted, dtype=bool)) == pytest.approx(expected)

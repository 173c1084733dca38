import numpy as np
import pandas as pd
import pytest
from scipy import stats

from keras_cxr.evaluation.label_shift import share_ratio, shares_differ


def _labels(**counts):
    return pd.Series([name for name, count in counts.items() for _ in range(count)])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"a": 8, "b": 2}, {"a": 1, "b": 5}, stats.fisher_exact([[8, 1], [2, 5]]).pvalue),
        (
            {"a": 30, "b": 20, "c": 10},
            {"a": 10, "b": 20, "c": 30},
            stats.chi2_contingency([[30, 10], [20, 20], [10, 30]]).pvalue,
        ),
        ({"a": 5}, {"a": 9}, np.nan),
        ({"a": 5, "b": 5}, {"": 9}, np.nan),
    ],
)
def test_p_is_scipys(first, second, expected):
    assert shares_differ(_labels(**first), _labels(**second)) == pytest.approx(expected, nan_ok=True)


def test_ratio_is_scipys():
    found, own = share_ratio(30, 200, 45, 150), stats.contingency.relative_risk(45, 150, 30, 200)
    interval = own.confidence_interval(0.95)
    assert found == pytest.approx((own.relative_risk, interval.low, interval.high))


@pytest.mark.parametrize(("counts", "value"), [((0, 50, 5, 50), np.inf), ((5, 50, 0, 50), 0), ((0, 50, 0, 50), np.nan)])
def test_ratio_of_a_group_that_one_set_lacks(counts, value):
    ratio = share_ratio(*counts)
    assert ratio.value == pytest.approx(value, nan_ok=True)
    assert np.isnan(value) or ratio.low < ratio.high

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from keras_cxr.evaluation.folds import mean_scores, side_by_side
from keras_cxr.evaluation.table import SCORES_COLUMNS, scores_table


def runs_of(values, n=10):
    """Scores tables of one run a row of values, metrics m0, m1, …"""
    return [
        scores_table(
            [
                {"dataset": f"fold-{run}", "model": "m", "metric": f"m{place}", "value": value}
                | {"low": value - 0.1, "high": value + 0.1, "n": n}
                for place, value in enumerate(row)
            ]
        )
        for run, row in enumerate(values, 1)
    ]


@pytest.mark.parametrize("k", [2, 3, 5, 10])
def test_interval_is_that_of_scipy(k):
    values = np.random.default_rng(k).uniform(0.5, 1, (k, 3))
    mean = mean_scores(runs_of(values), "mean", "m")
    assert list(mean.columns) == SCORES_COLUMNS
    assert np.allclose(mean["value"], values.mean(axis=0))
    for column, (low, high) in enumerate(mean[["low", "high"]].to_numpy()):
        expected = stats.ttest_1samp(values[:, column], 0).confidence_interval(0.95)
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert (mean["n"] == 10 * k).all()


def test_undefined_and_infinite():
    mean = mean_scores(runs_of([[0.5, np.nan, np.inf], [0.7, 0.4, 2.0]])).set_index("metric")
    assert mean.loc["m0", "value"] == pytest.approx(0.6)
    assert mean.loc["m1", ["value", "low", "high"]].isna().all()
    assert mean.loc["m2", "value"] == np.inf
    assert mean.loc["m2", ["low", "high"]].isna().all()


def test_side_by_side():
    runs = runs_of([[0.5, np.inf], [0.7, 2.0]])
    mean = mean_scores(runs, "mean of 2 folds")
    table = side_by_side(runs[0].assign(dataset="out of fold"), mean, {"fold-1": runs[0], "fold-2": runs[1]})
    assert list(table) == ["metric", "out of fold", "mean of 2 folds", "deviation", "fold-1", "fold-2"]
    assert table.loc[0, "out of fold"] == "0.500 (0.400 to 0.600)"
    assert table.loc[1, "mean of 2 folds"] == "inf"
    assert table.loc[0, "deviation"] == pytest.approx(pd.Series([0.5, 0.7]).std())
    assert list(table["fold-2"]) == [0.7, 2.0]

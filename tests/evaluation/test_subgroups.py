import numpy as np
import pandas as pd
import pytest

from keras_cxr.errors import UsageError
from keras_cxr.evaluation.scores import score
from keras_cxr.evaluation.subgroups import SUBGROUP_COLUMNS, groups_of, score_groups

TWO = ["NORMAL", "PNEUMONIA"]


def by_two(part, draws):
    return score(part, TWO, "site", "net", min(draws, 100))


@pytest.mark.parametrize(
    ("column", "values", "groups"),
    [
        ("age", [0.5, 17, 17.9, 18, 39, 40, 59.9, 60, 101], ["0–17"] * 3 + ["18–39"] * 2 + ["40–59"] * 2 + ["60+"] * 2),
        ("Age", [np.nan, 30.0], ["unknown", "18–39"]),
        ("age", ["", "47", "old"], ["unknown", "40–59", "unknown"]),
        (
            "patient",
            ["a", "b", "b", "c", "c", "c", "c", ""],
            ["1 film"] + ["2–3 films"] * 2 + ["4+ films"] * 4 + ["unknown"],
        ),
        ("sex", ["M", "F", "", None], ["M", "F", "unknown", "unknown"]),
        ("site", [1, 2, 2], ["1", "2", "2"]),
    ],
)
def test_groups(column, values, groups):
    assert list(groups_of(pd.Series(values), column)) == groups


def test_too_many_groups():
    with pytest.raises(UsageError, match="--by study makes 31 groups; expected 30 at most"):
        groups_of(pd.Series(range(31)), "study")


@pytest.mark.filterwarnings("error")
def test_each_group_is_scored_as_if_alone(make_predictions):
    predictions = make_predictions(n=200, patients=90).assign(age=np.arange(200) % 80)
    table = score_groups(predictions, TWO, "age", by_two)
    assert list(table.columns) == SUBGROUP_COLUMNS
    assert list(table["group"].unique()) == ["0–17", "18–39", "40–59", "60+"]
    own = predictions[predictions["age"] < 18]
    part = table[table["group"] == "0–17"]
    expected = by_two(own, 100)
    pd.testing.assert_frame_equal(part[expected.columns].reset_index(drop=True), expected)
    assert set(part["patients"]) == {own["patient"].nunique()}
    assert set(table["note"]) == {""}


@pytest.mark.filterwarnings("error")
def test_small_groups_say_so(make_predictions):
    predictions = make_predictions(n=60)
    predictions["site"] = ["a"] * 9 + ["b"] * 51
    predictions.loc[predictions["site"] == "b", "truth"] = "PNEUMONIA"
    predictions["truth"] = predictions["truth"].where(predictions["site"] == "b", ["NORMAL", "PNEUMONIA"] * 30)
    table = score_groups(predictions, TWO, "site", by_two).set_index(["group", "metric"])
    assert table[["low", "high"]].isna().all(axis=None)
    assert set(table.loc["a", "note"]) == {"9 films, fewer than 10: no interval"}
    assert set(table.loc["b", "note"]) == {"no film of NORMAL: no interval"}
    assert np.isfinite(table.loc[("b", "sensitivity"), "value"])

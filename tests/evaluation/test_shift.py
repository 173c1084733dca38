"""The rows of the shift table: numbers by closed form, and sentences that say them."""

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from keras_cxr.evaluation.shift import SHIFT_COLUMNS, interval_text, p_text, shift_row, shift_table
from keras_cxr.evaluation.shift_answers import calibration_rows, mean_interval, unfamiliarity_rows
from keras_cxr.evaluation.shift_labels import age_row, class_rows, group_rows
from keras_cxr.evaluation.shift_pictures import WITHOUT_LUNGS, pixel_rows, told_apart_row
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.evaluation.telling_apart import Area


def _by_item(rows):
    return {row["item"]: row for row in rows}


@pytest.mark.parametrize(
    ("by", "value", "flag", "said"),
    [
        ("embedding", 0.997, "warning", "AUROC 1.00 (0.98–1.00): they look different throughout; a score from the"),
        ("embedding", 0.72, "", "AUROC 0.72 (0.70–0.74): many of them look different."),
        ("pixel statistics", 0.51, "", "size, brightness, contrast and sharpness alone tells"),
        (WITHOUT_LUNGS, 0.9, "warning", "what differs lies outside of the lungs as well"),
        (WITHOUT_LUNGS, 0.62, "", "they look slightly different"),
    ],
)
def test_told_apart(by, value, flag, said):
    low, high = (0.98, 1.0) if value > 0.9 else (value - 0.02, value + 0.02)
    row = told_apart_row(by, Area(value, low, high, 300))
    assert (row["item"], row["value"], row["flag"]) == (f"told apart by {by}", value, flag)
    assert said in row["meaning"]


def test_pixel_rows_come_by_size_and_infinite_ones_are_said():
    first = pd.DataFrame({"width": [224.0, 224], "mean": [100.0, 104], "contrast": [50.0, 52], "aspect": [np.nan] * 2})
    second = pd.DataFrame({"width": [512.0, 512], "mean": [108.0, 112], "contrast": [50.0, 53], "aspect": [1.0, 1]})
    rows = pixel_rows(first, second)
    assert [row["item"].partition(" ")[0] for row in rows] == ["width", "mean", "contrast"]
    assert math.isinf(rows[0]["value"])
    assert "512 on average, 224 in the training films: each film of a set has the same" in rows[0]["meaning"]
    assert rows[1]["value"] == pytest.approx(8 / math.sqrt(8))
    assert [row["flag"] for row in rows] == ["warning", "warning", ""]


def test_shares():
    training, outside = pd.Series(["a"] * 300 + ["b"] * 100), pd.Series(["a"] * 50 + ["b"] * 50 + [""] * 9)
    rows = _by_item(group_rows("class", training, outside))
    assert rows["class share ratio [b]"]["value"] == pytest.approx(2)
    assert rows["class share ratio [b]"]["flag"] == rows["class shares (p)"]["flag"] == "warning"
    assert rows["class share ratio [a]"]["flag"] == "warning"
    assert "50.0% of these films are b, of the training's 25.0%: 2.00 (" in rows["class share ratio [b]"]["meaning"]
    assert not any(row["flag"] for row in group_rows("class", training, pd.Series(["a"] * 30 + ["b"] * 11)))
    assert group_rows("sex", training, pd.Series([""] * 5)) == []


def test_findings_are_counted_one_by_one():
    training = pd.Series(["Effusion|Mass"] * 40 + ["No Finding"] * 160)
    outside = pd.Series(["Effusion"] * 60 + ["effusion|Other"] * 20 + [""] * 20)
    rows = _by_item(class_rows(training, outside, ["Effusion", "Mass"], MULTI_LABEL))
    assert set(rows) == {"finding share ratio [Effusion]", "finding share ratio [Mass]"}
    assert rows["finding share ratio [Effusion]"]["value"] == pytest.approx(0.8 / 0.2)
    assert rows["finding share ratio [Mass]"]["value"] == 0
    assert rows["finding share ratio [Mass]"]["flag"] == "warning"


def test_age():
    (row,) = age_row(pd.Series([4.0, 6, np.nan]), pd.Series([50.0, 52]))
    assert row["value"] == pytest.approx(46 / math.sqrt(2))
    assert "51 years old in the mean, the training's 5" in row["meaning"]
    assert row["n"] == 4
    assert age_row(pd.Series([np.nan]), pd.Series([50.0, 52])) == []


def test_unfamiliarity(make_predictions):
    table = make_predictions(400, seed=3)
    table["unfamiliarity"] = np.random.default_rng(0).uniform(0.5, 1.5, 400)
    table.loc[table["unfamiliarity"] > 1, ["p_NORMAL", "p_PNEUMONIA"]] = 0.5
    rows = _by_item(unfamiliarity_rows(table, ["NORMAL", "PNEUMONIA"]))
    share = (table["unfamiliarity"] > 1).mean()
    assert rows["share of unfamiliar films"]["value"] == pytest.approx(share)
    assert rows["share of unfamiliar films"]["flag"] == "warning"
    familiar = table[table["unfamiliarity"] <= table["unfamiliarity"].median()]
    area = roc_auc_score(familiar["truth"] == "PNEUMONIA", familiar["p_PNEUMONIA"])
    assert rows["AUROC in the familiar half"]["value"] == pytest.approx(area)
    assert rows["AUROC in the unfamiliar half"]["value"] == pytest.approx(0.5, abs=0.05)
    assert rows["AUROC in the unfamiliar half"]["flag"] == "warning"
    assert "n" in rows["AUROC in the familiar half"]


def test_films_without_a_number_do_not_count(make_predictions):
    table = make_predictions(50).assign(unfamiliarity=np.nan, error="")
    assert unfamiliarity_rows(table, ["NORMAL", "PNEUMONIA"]) == []
    table.loc[:9, "unfamiliarity"] = 0.5
    rows = _by_item(unfamiliarity_rows(table, ["NORMAL", "PNEUMONIA"]))
    assert rows["share of unfamiliar films"]["n"] == 10
    assert set(rows) == {"share of unfamiliar films", "median unfamiliarity"}


@pytest.mark.parametrize("classes", [("NORMAL", "PNEUMONIA"), ("BACTERIA", "NORMAL", "VIRUS")])
def test_calibration_in_the_large(make_predictions, classes):
    table = make_predictions(300, classes)
    rows = _by_item(calibration_rows(table, list(classes)))
    named = classes if len(classes) > 2 else classes[1:]
    assert set(rows) == {f"mean probability less share [{name}]" for name in named}
    for name in named:
        row = rows[f"mean probability less share [{name}]"]
        assert row["value"] == pytest.approx(table[f"p_{name}"].mean() - (table["truth"] == name).mean())
        assert row["low"] < row["value"] < row["high"]


def test_mean_interval_takes_a_patients_films_together():
    values = np.random.default_rng(0).normal(size=200)
    mean, low, high = mean_interval(values, np.arange(200))
    error = values.std(ddof=1) / math.sqrt(200)
    assert (mean, high - low) == pytest.approx((values.mean(), 2 * 1.96 * error), rel=1e-4)
    doubled = mean_interval(np.repeat(values, 2), np.repeat(np.arange(200), 2))
    assert doubled == pytest.approx((mean, low, high))


def test_table_and_texts():
    table = shift_table([shift_row("x", 1.0, "It is 1.", 5, warning=True)], "b", "a (training)")
    assert list(table.columns) == SHIFT_COLUMNS
    assert table.iloc[0][["dataset", "reference", "flag", "n"]].tolist() == ["b", "a (training)", "warning", 5]
    assert list(shift_table([], "b", "a").columns) == SHIFT_COLUMNS
    assert interval_text(0.5, math.nan, math.nan) == "0.50"
    assert (p_text(0.0001), p_text(0.034)) == ("p < 0.001", "p = 0.034")

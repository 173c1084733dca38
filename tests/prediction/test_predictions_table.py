"""The predictions table, row by row."""

import numpy as np
import pytest

from keras_cxr.prediction.table import prediction_columns, predictions_table

TWO, THREE = ["NORMAL", "SICK"], ["A", "B", "C"]


@pytest.mark.parametrize(
    ("classes", "threshold", "p", "label", "probability"),
    [
        (TWO, 0.5, [0.4, 0.6], "SICK", 0.6),
        (TWO, 0.5, [0.5, 0.5], "SICK", 0.5),
        (TWO, 0.7, [0.4, 0.6], "NORMAL", 0.4),
        (TWO, 0.1, [0.85, 0.15], "SICK", 0.15),
        (TWO, None, [0.4, 0.6], "SICK", 0.6),
        (THREE, None, [0.2, 0.5, 0.3], "B", 0.5),
        (THREE, None, [0.4, 0.4, 0.2], "A", 0.4),
    ],
)
def test_decision(classes, threshold, p, label, probability):
    table = predictions_table(["x.png"], np.array([p]), classes, threshold, [""])
    assert list(table.columns) == prediction_columns(classes)
    assert table.to_dict("records") == [
        {"image": "x.png", "label": label, "probability": probability}
        | {f"p_{name}": one for name, one in zip(classes, p, strict=True)}
        | {"error": ""}
    ]


@pytest.mark.parametrize("threshold", [0.5, None])
def test_failed_rows_stand_between_the_others(threshold):
    errors = ["broken", "", "empty", ""]
    p = np.array([[0.1, 0.9], [0.8, 0.2]])
    table = predictions_table(["1", "2", "3", "4"], p, TWO, threshold, errors)
    assert list(table["label"]) == ["", "SICK", "", "NORMAL"]
    assert table["probability"].tolist()[1::2] == [0.9, 0.8]
    assert table.loc[[0, 2], ["probability", "p_NORMAL", "p_SICK"]].isna().all(axis=None)
    assert list(table["error"]) == errors


@pytest.mark.parametrize("names", [[], ["1", "2"]])
def test_nothing_readable(names):
    table = predictions_table(names, np.empty((0, 3)), THREE, None, ["bad"] * len(names))
    assert len(table) == len(names)
    assert (table["label"] == "").all()

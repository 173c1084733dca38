"""Trained on × tested on as a figure and as a table to print."""

import pandas as pd
import pytest
from PIL import Image

from keras_cxr.report.matrix import matrix_cells, matrix_figure

COLUMNS = ["model", "trained_on", "dataset", "metric", "value", "low", "high", "n", "seen"]


@pytest.fixture
def table():
    nan = float("nan")
    rows = [
        ("b-model", "B", "B", "AUROC", 0.9, 0.8, 0.95, 40, True),
        ("b-model", "B", "B", "sensitivity", 0.7, 0.6, 0.8, 40, True),
        ("b-model", "B", "A", "AUROC", 0.6123, 0.45, 0.7, 1200, False),
        ("a-model", "A", "B", "AUROC", nan, nan, nan, 0, False),
        ("a-model", "A", "A", "AUROC", nan, nan, nan, 7, True),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_cells_keep_the_order_and_mark_own_test_splits(table):
    assert matrix_cells(table).to_dict("list") == {
        "model": ["b-model", "a-model"],
        "trained on": ["B", "A"],
        "B": ["0.900 (0.800 to 0.950) *", "–"],
        "A": ["0.612 (0.450 to 0.700)", "undefined *"],
    }


def test_the_figure_names_every_cell(table, tmp_path):
    matrix_figure(table, tmp_path / "matrix.png")
    with Image.open(tmp_path / "matrix.png") as picture:
        assert min(picture.size) > 400
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("matplotlib").rcParams, "svg.fonttype", "none")
        matrix_figure(table, tmp_path / "matrix.svg")
    text = (tmp_path / "matrix.svg").read_text()
    for words in ("0.612", "0.450 to 0.700", "1,200 films", "own test split", "nothing to score", "undefined"):
        assert words in text

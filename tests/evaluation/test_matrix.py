"""The table of trained on × tested on, made of scores tables."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.matrix import MATRIX_COLUMNS, matrix_table
from keras_cxr.evaluation.table import scores_table


def scores(model, dataset, **values):
    row = {"model": model, "dataset": dataset, "low": 0.4, "high": 0.9, "n": 10}
    return [row | {"metric": name.replace("_", " "), "value": value} for name, value in values.items()]


def test_a_row_a_cell_and_score_in_the_order_of_the_cells():
    cells = [("two", "A", "B", False), ("two", "A", "A", True), ("three", "C", "B", False), ("three", "C", "A", False)]
    table = scores_table(
        [
            *scores("two", "A", AUROC=0.8, accuracy=0.7, balanced_accuracy=0.6, sensitivity=0.5, specificity=0.7),
            *scores("three", "A", macro_AUROC=0.9, balanced_accuracy=0.6, macro_specificity=0.8),
        ]
    )
    cells = pd.DataFrame(cells, columns=["model", "trained_on", "dataset", "seen"])
    matrix = matrix_table(cells, table)
    assert list(matrix.columns) == MATRIX_COLUMNS
    assert list(zip(matrix["model"], matrix["dataset"], matrix["metric"], matrix["n"], strict=True)) == [
        ("two", "B", "AUROC", 0),
        ("two", "A", "AUROC", 10),
        ("two", "A", "sensitivity", 10),
        ("two", "A", "specificity", 10),
        ("three", "B", "macro AUROC", 0),
        ("three", "A", "macro AUROC", 10),
        ("three", "A", "balanced accuracy", 10),
        ("three", "A", "macro specificity", 10),
    ]
    assert np.isnan(matrix["value"]).tolist() == [True, *[False] * 3, True, *[False] * 3]
    assert matrix["seen"].tolist() == [False, True, True, True, *[False] * 4]

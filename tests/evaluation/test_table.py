import io

import numpy as np
import pandas as pd
import pytest

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.table import SCORES_COLUMNS, scores_table

ROW = {"dataset": "a", "model": "m", "metric": "AUROC", "value": 0.9, "low": 0.8, "high": np.nan, "n": 10}


def test_columns_come_in_order_and_survive_a_csv():
    table = scores_table([dict(reversed(ROW.items()))])
    assert list(table.columns) == SCORES_COLUMNS
    again = scores_table(pd.read_csv(io.StringIO(table.to_csv(index=False))))
    pd.testing.assert_frame_equal(again, table, check_dtype=False)
    assert again["n"].dtype == np.int64


def test_no_rows_make_an_empty_table():
    assert list(scores_table([]).columns) == SCORES_COLUMNS


@pytest.mark.parametrize(
    ("row", "word"),
    [({key: ROW[key] for key in SCORES_COLUMNS[:-1]}, "Missing: n"), (ROW | {"value": "good"}, "must be numbers")],
)
def test_faults_are_named(row, word):
    with pytest.raises(CxrError, match=word):
        scores_table([row])

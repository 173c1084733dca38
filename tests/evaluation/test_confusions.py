import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from keras_cxr.evaluation.confusions import CONFUSIONS_COLUMNS, top_confusions
from keras_cxr.evaluation.wilson import wilson_interval

THREE = ["Normal", "COVID", "Lung_Opacity"]


@pytest.mark.parametrize("patients", [None, 60])
def test_the_commonest_come_first(make_predictions, patients):
    predictions = make_predictions(classes=THREE, patients=patients)
    table = top_confusions(predictions, THREE, "site", "net", most=4, draws=300)
    counts = confusion_matrix(predictions["truth"], predictions["label"], labels=THREE)
    off = np.sort(counts[~np.eye(3, dtype=bool)])[::-1]
    assert list(table["films"]) == list(off[:4])
    for row in table.to_dict("records"):
        truth, label = THREE.index(row["truth"]), THREE.index(row["label"])
        assert truth != label
        assert (row["films"], row["n"]) == (counts[truth, label], counts[truth].sum())
        assert row["share"] == pytest.approx(row["films"] / row["n"], abs=1e-12)
        assert row["low"] < row["share"] < row["high"]
        if not patients:
            assert (row["low"], row["high"]) == pytest.approx(wilson_interval(row["share"], row["n"]), abs=1e-12)


def test_no_mistakes(make_predictions):
    predictions = make_predictions(classes=THREE)
    table = top_confusions(predictions.assign(label=predictions["truth"]), THREE)
    assert list(table.columns) == CONFUSIONS_COLUMNS
    assert not len(table)

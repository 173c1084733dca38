import numpy as np
import pytest
from sklearn import metrics as sk

from keras_cxr.evaluation.reports import classification_table, confusion, precision_recall_points, roc_points

TWO, THREE = ["NORMAL", "PNEUMONIA"], ["Normal", "COVID", "Lung_Opacity"]


@pytest.mark.parametrize("classes", [TWO, THREE])
def test_tables_equal_scikit_learn(make_predictions, classes):
    predictions = make_predictions(classes=classes)
    truth, label = predictions["truth"], predictions["label"]
    expected = sk.classification_report(truth, label, labels=classes, digits=3)
    assert classification_table(predictions, classes) == expected
    assert (confusion(predictions, classes) == sk.confusion_matrix(truth, label, labels=classes)).all()


@pytest.mark.parametrize("classes", [TWO, THREE])
@pytest.mark.parametrize("decimals", [None, 1])
def test_the_area_under_the_points_is_the_score(make_predictions, classes, decimals):
    predictions = make_predictions(classes=classes, decimals=decimals)
    roc, precision_recall = roc_points(predictions, classes), precision_recall_points(predictions, classes)
    assert list(roc) == list(precision_recall) == (classes[1:] if len(classes) == 2 else classes)
    for name, curve in roc.items():
        truth, p = predictions["truth"] == name, predictions[f"p_{name}"]
        assert sk.auc(curve["fpr"], curve["tpr"]) == pytest.approx(sk.roc_auc_score(truth, p), abs=1e-12)
        steps = precision_recall[name]
        area = -(np.diff(steps["recall"]) * steps["precision"].to_numpy()[:-1]).sum()
        assert area == pytest.approx(sk.average_precision_score(truth, p), abs=1e-12)


@pytest.mark.filterwarnings("error")
def test_one_class_alone(make_predictions):
    predictions = make_predictions()
    alone = predictions[predictions["truth"] == "NORMAL"]
    assert roc_points(alone, TWO) == precision_recall_points(alone, TWO) == {}
    assert "PNEUMONIA" in classification_table(alone, TWO)
    assert confusion(alone, TWO)[1].sum() == 0
    assert classification_table(predictions.head(0), TWO) == ""
    assert confusion(predictions.head(0), TWO).tolist() == [[0, 0], [0, 0]]

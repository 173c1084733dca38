import numpy as np
import pytest
from sklearn import metrics
from threadpoolctl import threadpool_limits

from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.evaluation.new_head import fit_head, new_head_curve
from keras_cxr.evaluation.recalibration import recalibration_curve

CLASSES = ["NORMAL", "PNEUMONIA"]


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def hospital(films=600, seed=0):
    """Logits of another hospital, three times too sure and shifted by 6, and the classes, two films a patient."""
    random = np.random.default_rng(seed)
    truth = (random.random(films // 2) < 0.3).astype("int64").repeat(2)
    scores = random.normal(size=films) + 2 * truth - 1 - np.log(7 / 3)
    return (3 * scores + 6)[:, None], truth, np.arange(films // 2).repeat(2)


def test_labelled_films_mend_what_is_shifted_and_too_sure():
    logits, truth, cluster = hospital()
    table = recalibration_curve(logits, truth, cluster, CLASSES, 0.5, 1.0, [10, 200], draws=20)
    value = table.set_index(["films", "metric"])["value"]
    p = probabilities(logits)[:, 1]
    assert value[0, "Brier score"] == pytest.approx(metrics.brier_score_loss(truth, p))
    assert value[0, "balanced accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, p >= 0.5))
    assert value[200, "balanced accuracy"] > value[0, "balanced accuracy"] + 0.1
    for metric in ("Brier score", "log loss", "expected calibration error"):
        assert value[200, metric] < value[10, metric] < value[0, metric]
    rows = table[table["films"] > 0]
    assert ((rows["low"] <= rows["value"]) & (rows["value"] <= rows["high"]) & (rows["draws"] == 20)).all()
    assert table[table["films"] == 0][["low", "high"]].isna().all(axis=None)


def test_a_new_head_learns_what_the_old_one_passes_over():
    random = np.random.default_rng(0)
    _, truth, cluster = hospital(400)
    features = random.normal(size=(400, 300)) + 3
    features[:, :40] += 0.7 * truth[:, None]
    chance = probabilities(random.normal(size=(400, 1)))
    table = new_head_curve(features, chance, truth, cluster, CLASSES, 0.5, [20, 200], draws=5)
    value = table.set_index(["films", "metric"])["value"]
    assert value[0, "AUROC"] == pytest.approx(metrics.roc_auc_score(truth, chance[:, 1]))
    assert value[0, "AUROC"] < 0.6 < 0.7 < value[20, "AUROC"] < value[200, "AUROC"] - 0.05
    assert value[200, "balanced accuracy"] > 0.8


def test_the_head_in_the_films_directions_is_the_head_in_all_directions():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    features, truth = random.normal(size=(10, 60)), np.arange(10) % 2
    others = random.normal(size=(5, 60))
    scaler = StandardScaler().fit(features)
    length = np.sqrt((scaler.transform(features) ** 2).sum(axis=1).mean())
    peer = LogisticRegression(class_weight="balanced", max_iter=500).fit(scaler.transform(features) / length, truth)
    expected = peer.predict_proba(scaler.transform(others) / length)
    assert fit_head(features, truth, np.arange(10), others, 2) == pytest.approx(expected, abs=1e-3)


def test_three_classes():
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 300)
    logits = random.normal(size=(300, 3)) + np.eye(3)[truth] * 2 + [3.0, 0.0, 0.0]
    classes = ["a", "b", "c"]
    table = recalibration_curve(logits, truth, np.arange(300), classes, None, 1.0, [50], draws=5)
    value = table.set_index(["films", "metric"])["value"]
    assert set(table["metric"]) == {"balanced accuracy", "log loss", "expected calibration error"}
    assert value[50, "balanced accuracy"] > value[0, "balanced accuracy"] + 0.1
    head = new_head_curve(logits, probabilities(logits), truth, np.arange(300), classes, None, [50], draws=3)
    assert head.set_index(["films", "metric"])["value"][50, "macro AUROC"] > 0.85

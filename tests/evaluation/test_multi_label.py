"""Metrics of sets of findings against scikit-learn's, and against the two-class metrics of each finding."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.bootstrap import clustered_draws
from keras_cxr.evaluation.calibration import fit_shared_temperature, fit_thresholds, probabilities
from keras_cxr.evaluation.films import scored_films
from keras_cxr.evaluation.findings import as_text, findings_in, indicators, texts_of
from keras_cxr.evaluation.multi_label import MultiLabelMetrics
from keras_cxr.evaluation.reports import classification_table, finding_confusion, precision_recall_points, roc_points
from keras_cxr.evaluation.scores import score
from keras_cxr.evaluation.subgroups import score_groups
from keras_cxr.evaluation.task import MULTI_LABEL

CLASSES = ["Atelectasis", "Effusion", "Mass"]


@pytest.fixture
def make_films():
    """A predictions table of films with any number of findings."""

    def make(n=200, classes=CLASSES, patients=None, decimals=None, seed=0):
        random = np.random.default_rng(seed)
        truth = random.random((n, len(classes))) < np.linspace(0.4, 0.15, len(classes))
        p = 1 / (1 + np.exp(-random.normal(2.0 * truth - 1)))
        p = p if decimals is None else np.round(p, decimals)
        table = pd.DataFrame(p, columns=[f"p_{name}" for name in classes])
        table["truth"], table["label"] = texts_of(truth, classes), texts_of(p >= 0.4, classes)
        if patients:
            table["patient"] = random.integers(0, patients, n).astype(str)
        return table

    return make


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Effusion|Mass", ["Effusion", "Mass"]),
        (" Mass | Effusion|Mass|", ["Effusion", "Mass"]),
        ("No Finding", []),
        ("normal", []),
        ("", []),
        ("No Finding|Hernia", ["Hernia"]),
        ("mass|Nodule|Atelectasis", ["Atelectasis", "mass", "Nodule"]),
    ],
)
def test_findings_of_a_text(text, found):
    assert findings_in(text) == found
    assert findings_in(as_text(found)) == found


def test_indicators_are_scikit_learns_binarizer():
    from sklearn.preprocessing import MultiLabelBinarizer

    texts = pd.Series(["Mass", "No Finding", "Mass|Effusion", "", "Hernia|Atelectasis", "effusion"])
    lists = [[name.capitalize() for name in findings_in(text) if name != "Hernia"] for text in texts]
    assert np.array_equal(indicators(texts, CLASSES), MultiLabelBinarizer(classes=CLASSES).fit_transform(lists))
    assert list(texts_of(indicators(texts[:3], CLASSES), CLASSES)) == ["Mass", "No Finding", "Effusion|Mass"]


def by_scikit_learn(truth, label, p, weight):
    w = {"sample_weight": weight}
    found = {
        "macro AUROC": sk.roc_auc_score(truth, p, average="macro", **w),
        "micro AUROC": sk.roc_auc_score(truth, p, average="micro", **w),
        "macro average precision": sk.average_precision_score(truth, p, average="macro", **w),
        "micro average precision": sk.average_precision_score(truth, p, average="micro", **w),
        "macro F1": sk.f1_score(truth, label, average="macro", **w),
        "micro F1": sk.f1_score(truth, label, average="micro", **w),
        "exact-match accuracy": sk.accuracy_score(truth, label, **w),
        "Hamming loss": sk.hamming_loss(truth, label, **w),
        "macro Brier score": np.mean([sk.brier_score_loss(truth[:, k], p[:, k], **w) for k in range(p.shape[1])]),
    }
    for k, name in enumerate(CLASSES):
        y, d, q = truth[:, k], label[:, k], p[:, k]
        found |= {
            f"AUROC[{name}]": sk.roc_auc_score(y, q, **w),
            f"average precision[{name}]": sk.average_precision_score(y, q, **w),
            f"sensitivity[{name}]": sk.recall_score(y, d, **w),
            f"specificity[{name}]": sk.recall_score(y, d, pos_label=0, **w),
            f"PPV[{name}]": sk.precision_score(y, d, **w),
            f"NPV[{name}]": sk.precision_score(y, d, pos_label=0, **w),
            f"F1[{name}]": sk.f1_score(y, d, **w),
            f"Brier score[{name}]": sk.brier_score_loss(y, q, **w),
        }
    return found


@pytest.mark.parametrize(("decimals", "patients"), [(None, None), (1, 60)])
def test_equal_to_scikit_learn_under_every_draw(make_films, decimals, patients):
    films = scored_films(make_films(decimals=decimals, patients=patients), CLASSES, MULTI_LABEL)
    weights = np.concatenate([np.ones((1, len(films))), *clustered_draws(films.cluster, 4, seed=1)])
    found = MultiLabelMetrics(films, CLASSES)(weights)
    for row, weight in enumerate(weights):
        expected = by_scikit_learn(films.truth, films.label, films.probability, weight)
        assert set(found) == set(expected)
        for name, value in expected.items():
            assert found[name][row] == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize("patients", [None, 50])
def test_a_finding_is_scored_as_a_class_of_two(make_films, patients):
    table = make_films(patients=patients)
    rows = score(table, CLASSES, draws=200, task=MULTI_LABEL).set_index("metric")
    truth, label = (indicators(table[column], CLASSES)[:, 1] for column in ("truth", "label"))
    two = table.assign(p_absent=1 - table["p_Effusion"])
    two["truth"], two["label"] = (np.where(part, "Effusion", "absent") for part in (truth, label))
    alone = score(two, ["absent", "Effusion"], draws=200).set_index("metric")
    for kind in ("AUROC", "average precision", "sensitivity", "specificity", "PPV", "NPV", "F1", "Brier score"):
        own, other = rows.loc[f"{kind}[Effusion]"], alone.loc[kind]
        for column in ("value", "low", "high"):
            assert own[column] == pytest.approx(other[column], abs=1e-12), (kind, column)
    inside = (rows["low"] <= rows["value"] + 1e-12) & (rows["value"] <= rows["high"] + 1e-12)
    assert inside.all()


def test_micro_values_do_not_depend_on_the_blocks(make_films, monkeypatch):
    films = scored_films(make_films(), CLASSES, MULTI_LABEL)
    weights = np.concatenate(list(clustered_draws(films.cluster, 20)))
    whole = MultiLabelMetrics(films, CLASSES)(weights)
    monkeypatch.setattr("keras_cxr.evaluation.multi_label._BLOCK", 1)
    parts = MultiLabelMetrics(films, CLASSES)(weights)
    assert all(np.array_equal(whole[name], parts[name]) for name in whole)


def test_a_finding_that_no_film_has_is_undefined_and_left_out_of_macro_values(make_films):
    table = make_films()
    table["truth"] = table["truth"].str.replace("Mass", "Hernia")
    rows = score(table, CLASSES, draws=50, task=MULTI_LABEL).set_index("metric")["value"]
    assert np.isnan(rows["AUROC[Mass]"])
    assert np.isnan(rows["sensitivity[Mass]"])
    assert rows["macro AUROC"] == pytest.approx((rows["AUROC[Atelectasis]"] + rows["AUROC[Effusion]"]) / 2)
    nothing = score(table.assign(truth="No Finding"), CLASSES, draws=50, task=MULTI_LABEL).set_index("metric")["value"]
    assert np.isnan(nothing["macro AUROC"])
    assert nothing["micro F1"] == 0


@pytest.mark.parametrize("films", [0, 1])
def test_few_films(make_films, films):
    rows = score(make_films(films), CLASSES, draws=10, task=MULTI_LABEL)
    assert (rows["n"] == films).all()


def test_a_label_that_is_no_class_is_refused(make_films):
    table = make_films(20)
    table.loc[3, "label"] = "Effusion|Hernia"
    with pytest.raises(CxrError, match=r"column 'label' must list findings.*Received: 'Hernia'"):
        scored_films(table, CLASSES, MULTI_LABEL)


def test_reports(make_films):
    table = make_films()
    films = scored_films(table, CLASSES, MULTI_LABEL)
    for name, cells in zip(CLASSES, finding_confusion(table, CLASSES), strict=True):
        k = CLASSES.index(name)
        assert np.array_equal(cells, sk.confusion_matrix(films.truth[:, k], films.label[:, k]))
    curves = roc_points(table, CLASSES, MULTI_LABEL)
    assert list(curves) == CLASSES
    for k, name in enumerate(CLASSES):
        area = sk.auc(curves[name]["fpr"], curves[name]["tpr"])
        assert area == pytest.approx(sk.roc_auc_score(films.truth[:, k], films.probability[:, k]))
    assert list(precision_recall_points(make_films(classes=CLASSES[:2]), CLASSES[:2], MULTI_LABEL)) == CLASSES[:2]
    assert "micro avg" in classification_table(table, CLASSES, MULTI_LABEL)


def test_subgroups(make_films):
    table = make_films().assign(view=["PA"] * 150 + ["AP"] * 45 + ["lateral"] * 5)

    def scored(part, draws):
        return score(part, CLASSES, draws=min(draws, 20), task=MULTI_LABEL)

    found = score_groups(table, CLASSES, "view", scored, MULTI_LABEL)
    notes = found.groupby("group")["note"].first()
    assert notes.to_dict() == {"AP": "", "PA": "", "lateral": "5 films, fewer than 10: no interval"}


def test_calibration_of_findings():
    random = np.random.default_rng(0)
    logits = random.normal(size=(4000, 3)) * 2
    p = probabilities(logits, task=MULTI_LABEL)
    assert p == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-15)
    truth = random.random(p.shape) < p
    assert fit_shared_temperature(logits * 2.5, truth) == pytest.approx(2.5, rel=0.05)
    assert np.array_equal(probabilities(np.array([[-1e6, 1e6]]), task=MULTI_LABEL), [[0.0, 1.0]])
    truth, p = truth[:200], p[:200]
    thresholds = fit_thresholds(truth, p, CLASSES)
    for k, name in enumerate(CLASSES):
        best = max(sk.balanced_accuracy_score(truth[:, k], p[:, k] >= least) for least in np.unique(p[:, k]))
        assert sk.balanced_accuracy_score(truth[:, k], p[:, k] >= thresholds[name]) == pytest.approx(best, abs=1e-12)

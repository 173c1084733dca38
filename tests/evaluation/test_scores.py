import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.auroc import delong_interval
from keras_cxr.evaluation.bootstrap import expanded_confidence
from keras_cxr.evaluation.scores import score
from keras_cxr.evaluation.table import SCORES_COLUMNS
from keras_cxr.evaluation.wilson import wilson_interval

TWO, THREE = ["NORMAL", "PNEUMONIA"], ["Normal", "COVID", "Lung_Opacity"]
pytestmark = pytest.mark.filterwarnings("error")


def by_metric(table):
    return table.set_index("metric")


def hand_made(truth, p):
    p = np.array(p, dtype=float)
    label = np.where(p >= 0.5, "PNEUMONIA", "NORMAL")
    return pd.DataFrame({"truth": np.array(TWO)[truth], "label": label, "p_NORMAL": 1 - p, "p_PNEUMONIA": p})


@pytest.mark.parametrize("classes", [TWO, THREE])
@pytest.mark.parametrize("patients", [None, 70])
def test_every_value_lies_in_its_interval(make_predictions, classes, patients):
    table = score(make_predictions(classes=classes, patients=patients), classes, "site", "net", draws=300)
    assert list(table.columns) == SCORES_COLUMNS
    assert (table["n"] == 300).all()
    assert set(table["dataset"]) == {"site"}
    table = table[table["metric"] != "expected calibration error"]
    assert (table["low"] < table["value"]).all()
    assert (table["value"] < table["high"]).all()


def test_independent_films_have_the_closed_intervals(make_predictions):
    predictions = make_predictions()
    predictions["patient"] = [f"p{row}" for row in range(len(predictions))]
    scores = by_metric(score(predictions, TWO, draws=50))
    truth = (predictions["truth"] == "PNEUMONIA").to_numpy()
    expected = delong_interval(truth, predictions["p_PNEUMONIA"])
    assert tuple(scores.loc["AUROC", ["low", "high"]]) == pytest.approx(expected, abs=1e-12)
    hits = int((truth & (predictions["label"] == "PNEUMONIA")).sum())
    wilson = stats.binomtest(hits, int(truth.sum())).proportion_ci(method="wilson")
    assert tuple(scores.loc["sensitivity", ["low", "high"]]) == pytest.approx((wilson.low, wilson.high), abs=1e-12)


def test_copies_of_films_under_one_patient_add_no_certainty(make_predictions):
    once = make_predictions(n=150)
    once["patient"] = [f"p{row}" for row in range(len(once))]
    copied = by_metric(score(pd.concat([once] * 4), TWO, draws=1500))
    single = by_metric(score(once, TWO, draws=1500))
    assert copied["value"].to_numpy() == pytest.approx(single["value"].to_numpy(), abs=1e-12)
    for name in ("AUROC", "sensitivity", "accuracy", "F1"):
        width = copied.loc[name, "high"] - copied.loc[name, "low"]
        assert width == pytest.approx(single.loc[name, "high"] - single.loc[name, "low"], rel=0.12), name


def test_the_bootstrap_equals_resampling_film_by_film(make_predictions):
    predictions = make_predictions(n=120, patients=40)
    ours = by_metric(score(predictions, TWO, draws=2000)).loc["average precision"]
    random = np.random.default_rng(5)
    films = {name: group.index.to_numpy() for name, group in predictions.groupby("patient")}
    names, truth = list(films), (predictions["truth"] == "PNEUMONIA").to_numpy()
    p = predictions["p_PNEUMONIA"].to_numpy()
    areas = []
    for _ in range(600):
        rows = np.concatenate([films[name] for name in random.choice(names, len(names))])
        areas.append(average_precision_score(truth[rows], p[rows]))
    outside = 50 * (1 - expanded_confidence(predictions.groupby("truth")["patient"].nunique().min()))
    assert (ours["low"], ours["high"]) == pytest.approx(np.percentile(areas, [outside, 100 - outside]), abs=0.02)


def test_failed_rows_and_rows_without_truth_are_left_out(make_predictions):
    whole = make_predictions(n=60)
    whole["error"] = ""
    failed = pd.DataFrame({"truth": ["NORMAL"], "label": [np.nan], "error": ["not an image"]})
    unread = whole.head(1).assign(error="late fault")
    unknown = whole.head(2).assign(truth=["", np.nan])
    more = pd.concat([whole, failed, unread, unknown], ignore_index=True)
    pd.testing.assert_frame_equal(score(more, TWO, draws=100), score(whole, TWO, draws=100))


@pytest.mark.parametrize("patients", [False, True])
def test_perfect_scores_keep_an_honest_interval(patients):
    truth = np.repeat([0, 1], [40, 20])
    predictions = hand_made(truth, np.where(truth == 1, 0.9, 0.1) + np.linspace(-0.05, 0.05, 60))
    positives, films = 20, 60
    if patients:
        predictions["patient"] = np.arange(60) // 2
        positives, films = 10, 30
    scores = by_metric(score(predictions, TWO, draws=200))
    for name, n in [("sensitivity", positives), ("accuracy", films), ("AUROC", positives), ("F1", positives)]:
        assert tuple(scores.loc[name, ["value", "low", "high"]]) == pytest.approx((1, wilson_interval(1, n)[0], 1)), (
            name
        )
    assert scores.loc["MCC", "low"] == pytest.approx(2 * wilson_interval(1, positives)[0] - 1)
    sensitivity, specificity = scores.loc["sensitivity", "low"], scores.loc["specificity", "low"]
    ratio = scores.loc["positive likelihood ratio"]
    assert (ratio["value"], ratio["high"]) == (np.inf, np.inf)
    assert ratio["low"] == pytest.approx(sensitivity / (1 - specificity))
    ratio = scores.loc["negative likelihood ratio"]
    assert (ratio["value"], ratio["low"]) == (0, 0)
    assert ratio["high"] == pytest.approx((1 - sensitivity) / specificity)


def test_the_bound_of_a_perfect_area_covers():
    """Where the true area is 0.95 and a small sample shows 1.0, the interval must still hold 0.95 nearly always."""
    random = np.random.default_rng(0)
    truth, shift = np.repeat([0, 1], [12, 12]), stats.norm.ppf(0.95) * np.sqrt(2)
    covered = 0
    for _ in range(200):
        p = 1 / (1 + np.exp(-(shift * truth + random.normal(size=24) - shift / 2)))
        row = by_metric(score(hand_made(truth, p), TWO, draws=0)).loc["AUROC"]
        covered += row["low"] <= 0.95 <= row["high"]
    assert covered >= 184


UNDEFINED_ONE_CLASS = {"AUROC", "balanced accuracy", "specificity", "positive likelihood ratio", "MCC"}


@pytest.mark.parametrize(
    ("truth", "p", "undefined"),
    [
        ([1, 1, 1], [0.9, 0.2, 0.7], UNDEFINED_ONE_CLASS | {"negative likelihood ratio"}),
        ([0, 0, 0], [0.1, 0.2, 0.7], {"AUROC", "average precision", "sensitivity", "balanced accuracy"}),
        ([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4], {"PPV", "MCC", "positive likelihood ratio"}),
    ],
)
def test_undefined_values_are_nan_with_n(truth, p, undefined):
    scores = by_metric(score(hand_made(truth, p), TWO, draws=100))
    for name in undefined:
        assert scores.loc[name, ["value", "low", "high"]].isna().all(), name
    assert (scores["n"] == len(truth)).all()
    assert 0 <= scores.loc["accuracy", "low"] <= scores.loc["accuracy", "value"] <= scores.loc["accuracy", "high"] <= 1


@pytest.mark.parametrize("classes", [TWO, THREE])
@pytest.mark.parametrize("rows", [0, 1])
def test_no_films_or_one(make_predictions, classes, rows):
    table = score(make_predictions(n=5, classes=classes).head(rows), classes, draws=20)
    assert (table["n"] == rows).all()
    assert table["value"].isna().all() == (rows == 0)


def test_all_films_of_one_patient(make_predictions):
    scores = by_metric(score(make_predictions(n=80).assign(patient="one"), TWO, draws=20))
    row = scores.loc["AUROC"]
    assert row["high"] - row["low"] > 0.5
    assert scores.loc["log loss", ["low", "high"]].isna().all()


def test_a_class_absent_from_truth(make_predictions):
    predictions = make_predictions(classes=THREE)
    scores = by_metric(score(predictions[predictions["truth"] != "COVID"], THREE, draws=50))
    assert np.isnan(scores.loc["AUROC[COVID]", "value"])
    assert scores.loc["macro AUROC", "value"] == pytest.approx(
        scores.loc[["AUROC[Normal]", "AUROC[Lung_Opacity]"], "value"].mean()
    )


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t.drop(columns="truth"), "Missing: truth"),
        (lambda t: t.drop(columns="p_NORMAL"), "Missing: p_NORMAL"),
        (lambda t: t.assign(truth="Normal"), "Received: 'Normal'"),
        (lambda t: t.assign(p_NORMAL=-3.0), "logits"),
        (lambda t: t.assign(p_NORMAL="high"), "must hold numbers"),
    ],
)
def test_faults_are_named(make_predictions, change, word):
    with pytest.raises(CxrError, match=word):
        score(change(make_predictions(n=10)), TWO)


def test_negative_draws(make_predictions):
    with pytest.raises(UsageError, match="draws"):
        score(make_predictions(n=10), TWO, draws=-1)

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from keras_cxr.evaluation.curves import net_benefit, reliability, threshold_points
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.evaluation.wilson import wilson_interval

CLASSES = ["NORMAL", "PNEUMONIA"]


@pytest.fixture(scope="module")
def films():
    rng = np.random.default_rng(3)
    truth = rng.random(400) < 0.3
    p = np.clip(0.25 * truth + rng.beta(2, 4, 400), 0, 1)
    label = np.where(p >= 0.4, *CLASSES[::-1])
    table = {"truth": np.where(truth, *CLASSES[::-1]), "label": label, "p_NORMAL": 1 - p, "p_PNEUMONIA": p, "error": ""}
    return pd.DataFrame(table), truth, p


def test_bins_equal_scikit_learn(films):
    table, truth, p = films
    found = reliability(table, CLASSES)
    assert list(found) == ["PNEUMONIA"]
    observed, predicted = calibration_curve(truth, p, n_bins=10, strategy="uniform")
    np.testing.assert_allclose(found["PNEUMONIA"]["observed"], observed, atol=1e-12)
    np.testing.assert_allclose(found["PNEUMONIA"]["predicted"], predicted, atol=1e-12)
    for row in found["PNEUMONIA"].itertuples():
        assert (row.low, row.high) == pytest.approx(wilson_interval(row.observed, row.films))
    assert found["PNEUMONIA"]["films"].sum() == 400


def test_intervals_of_bins_widen_where_patients_have_several_films(films):
    table = films[0]
    alone = reliability(table, CLASSES)["PNEUMONIA"]
    shared = reliability(table.assign(patient=np.arange(400) // 8), CLASSES)["PNEUMONIA"]
    large = alone["films"] > 40
    assert (shared["high"] - shared["low"] > alone["high"] - alone["low"])[large].all()


def test_thresholds_equal_scikit_learn(films):
    table, truth, p = films
    points = threshold_points(table, CLASSES)["PNEUMONIA"]
    assert points["threshold"].is_monotonic_increasing
    assert points["threshold"].iloc[[0, -1]].tolist() == [0, 1]
    for row in points.iloc[::17].itertuples():
        called = p >= row.threshold
        assert row.sensitivity == metrics.recall_score(truth, called)
        assert row.specificity == pytest.approx(metrics.recall_score(~truth, ~called))
        expected = metrics.precision_score(truth, called, zero_division=np.nan)
        np.testing.assert_equal(row.PPV, expected)


def test_net_benefit_counts_films(films):
    table, truth, p = films
    points = net_benefit(table, CLASSES)["PNEUMONIA"]
    for row in points.iloc[::10].itertuples():
        called = p >= row.threshold
        lost = row.threshold / (1 - row.threshold)
        assert row.model == pytest.approx(((called & truth).sum() - lost * (called & ~truth).sum()) / 400)
    # Calling every film positive is worth nothing where the threshold is the prevalence.
    everyone = np.interp(truth.mean(), points["threshold"], points["all positive"])
    assert everyone == pytest.approx(0, abs=1e-3)


def test_classes_that_no_threshold_decides_have_no_points():
    p = np.random.default_rng(0).dirichlet([1, 1, 1], 60)
    names = np.array(["A", "B", "C"])
    table = pd.DataFrame(p, columns=["p_A", "p_B", "p_C"]).assign(truth=np.repeat(names, 20), label=names[p.argmax(1)])
    assert threshold_points(table, [*names]) == {}
    assert net_benefit(table, [*names]) == {}
    assert list(reliability(table, [*names])) == [*names]


def test_findings_have_points_of_their_own():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.random((40, 3)), columns=["p_A", "p_B", "p_C"])
    table = table.assign(truth=["A|B", "No Finding", "B", "A"] * 10, label="No Finding")
    # No film has C, so that it has no curve.
    assert list(threshold_points(table, ["A", "B", "C"], MULTI_LABEL)) == ["A", "B"]
    assert list(reliability(table, ["A", "B", "C"], MULTI_LABEL)) == ["A", "B"]
    own = threshold_points(table, ["A", "B", "C"], MULTI_LABEL)["A"]
    at_half = own[own["threshold"] <= 0.5].iloc[-1]
    truth = table["truth"].str.contains("A")
    assert at_half["sensitivity"] == pytest.approx((table["p_A"] >= 0.5)[truth].mean())


def test_one_class_alone_has_no_curve(films):
    alone = films[0].assign(truth="NORMAL")
    assert reliability(alone, CLASSES) == threshold_points(alone, CLASSES) == net_benefit(alone, CLASSES) == {}

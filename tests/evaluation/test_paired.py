"""Paired comparisons against published numbers, scipy's permutation test and simulation."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.auroc import delong_covariance, delong_test
from keras_cxr.evaluation.paired import MANY_CLASSES, TWO_CLASSES, common_films, compare_predictions, holm

CLASSES = ["NORMAL", "PNEUMONIA"]
# Albumin, total protein, K-G score and outcome of 43 patients: DeLong, DeLong & Clarke-Pearson, Biometrics 1988.
OVARIAN = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1   3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0   3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1   3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0   2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""


@pytest.fixture
def pair(make_predictions):
    """Two models' tables on the same films; the second is the first with noise."""

    def make(n=120, classes=CLASSES, seed=0, patients=None, noise=0.8):
        first = make_predictions(n=n, classes=classes, seed=seed, patients=patients)
        first.insert(0, "image", [f"{number}.png" for number in range(n)])
        columns = [f"p_{name}" for name in classes]
        p = first[columns].to_numpy() * np.exp(noise * np.random.default_rng(seed + 1).normal(size=(n, len(classes))))
        p /= p.sum(axis=1, keepdims=True)
        second = first.copy()
        second[columns] = p
        second["label"] = np.array(classes)[p.argmax(axis=1)]
        return {"first": first, "second": second}

    return make


def compared(tables, classes=CLASSES, **options):
    settings = {"draws": 200, "permutations": 1000} | options
    return compare_predictions(tables, classes, **settings).set_index("metric")


@pytest.mark.parametrize(
    ("other", "published"), [(0, (0.0108, -0.1761, 0.1976, 0.9102)), (1, (-0.0780, -0.2830, 0.1271, 0.4561))]
)
def test_delong_on_the_data_of_the_paper(other, published):
    """What SAS/STAT's documentation of PROC LOGISTIC gives for albumin and protein against the K-G score."""
    values = np.array(OVARIAN.split(), float).reshape(-1, 4)
    for clusters in (None, np.arange(len(values))):
        result = delong_test(values[:, 3], values[:, other], 10 - values[:, 2], clusters=clusters)
        assert result == pytest.approx(published, abs=1e-4)


def obuchowski(truth, scores, clusters):
    """Obuchowski 1997, cluster by cluster and pair by pair."""
    positive, negative = truth == 1, truth == 0
    psi = [(s[positive][:, None] > s[negative]) + 0.5 * (s[positive][:, None] == s[negative]) for s in scores]
    m, n, patients = positive.sum(), negative.sum(), np.unique(clusters)
    sums = []
    for one in psi:
        area = one.mean()
        x = [(one.mean(axis=1)[clusters[positive] == c] - area).sum() for c in patients]
        y = [(one.mean(axis=0)[clusters[negative] == c] - area).sum() for c in patients]
        sums.append((np.array(x), np.array(y)))
    i10, i01, i = len(set(clusters[positive])), len(set(clusters[negative])), len(patients)
    covariance = np.empty((len(scores),) * 2)
    for r, s in itertools.product(range(len(scores)), repeat=2):
        (xr, yr), (xs, ys) = sums[r], sums[s]
        covariance[r, s] = (
            i10 / (i10 - 1) * (xr * xs).sum() / m**2
            + i01 / (i01 - 1) * (yr * ys).sum() / n**2
            + i / (i - 1) * ((xr * ys).sum() + (yr * xs).sum()) / (m * n)
        )
    return covariance


def test_clustered_covariance_equals_brute_force():
    random = np.random.default_rng(3)
    truth, clusters = random.integers(0, 2, 60), np.r_[random.integers(0, 20, 40), np.arange(20)]
    scores = np.round(random.normal(size=(3, 60)) + truth, 1)
    covariance = delong_covariance(truth, scores, clusters)[1]
    assert covariance == pytest.approx(obuchowski(truth, scores, clusters), abs=1e-12)
    alone = delong_covariance(truth, scores, np.arange(60))[1]
    assert alone == pytest.approx(delong_covariance(truth, scores)[1], abs=1e-12)


def test_every_difference_is_that_of_scikit_learn(pair):
    tables = pair()
    table = compared(tables)
    assert list(table.index) == list(TWO_CLASSES)

    def scores(rows):
        truth, label, p = rows["truth"] == CLASSES[1], rows["label"] == CLASSES[1], rows["p_PNEUMONIA"]
        return {
            "AUROC": metrics.roc_auc_score(truth, p),
            "balanced accuracy": metrics.balanced_accuracy_score(truth, label),
            "F1": metrics.f1_score(truth, label),
            "MCC": metrics.matthews_corrcoef(truth, label),
            "Brier score": metrics.brier_score_loss(truth, p),
        }

    reference, model = scores(tables["first"]), scores(tables["second"])
    for name, value in reference.items():
        row = table.loc[name]
        assert row["difference"] == pytest.approx(model[name] - value, abs=1e-12)
        assert row["low"] <= row["difference"] <= row["high"]
        assert (row["model"], row["reference"], row["n"]) == ("second", "first", 120)


@pytest.mark.parametrize("name", ["accuracy", "Brier score"])
def test_p_is_that_of_scipy_where_every_swap_is_counted(pair, name):
    tables = pair(n=9, noise=2.0)
    truth = (tables["first"]["truth"] == CLASSES[1]).to_numpy()

    def statistic(first, second):
        def value(row):
            label = row >= 10
            return (label == truth).mean() if name == "accuracy" else np.square(row - 10 * label - truth).mean()

        return value(second) - value(first)

    # Label and probability in one number, as they are swapped together.
    packed = [
        (10 * (table["label"] == CLASSES[1]) + table["p_PNEUMONIA"] * (1 - 1e-9)).to_numpy()
        for table in tables.values()
    ]
    expected = stats.permutation_test(
        packed, statistic, permutation_type="samples", n_resamples=10**4, vectorized=False
    ).pvalue
    assert compared(tables, permutations=5000).loc[name, "p"] == pytest.approx(expected, abs=1e-12)
    drawn = compared(tables, permutations=500).loc[name, "p"]
    assert drawn == pytest.approx(expected, abs=0.07)


@pytest.mark.parametrize(("classes", "patients"), [(CLASSES, None), (CLASSES, 30), (["A", "B", "C"], 30)])
def test_swapping_the_models_turns_the_sign_and_keeps_p(pair, classes, patients):
    tables = pair(classes=classes, patients=patients)
    one, two = compared(tables, classes, reference="first"), compared(tables, classes, reference="second")
    assert list(one.index) == list(TWO_CLASSES if len(classes) == 2 else MANY_CLASSES)
    assert one["difference"].to_numpy() == pytest.approx(-two["difference"].to_numpy(), abs=1e-12)
    assert one["p"].to_numpy() == pytest.approx(two["p"].to_numpy(), abs=1e-12)
    assert one[["low", "high"]].to_numpy() == pytest.approx(-two[["high", "low"]].to_numpy(), abs=1e-12)
    again = compared(tables, classes)
    pd.testing.assert_frame_equal(one, again)


@pytest.mark.parametrize("classes", [CLASSES, ["A", "B", "C"]])
def test_a_model_against_itself(pair, classes):
    tables = pair(classes=classes, noise=0.0, patients=40)
    table = compared(tables, classes)
    assert (table["p"] == 1).all()
    assert table[["difference", "low", "high"]].to_numpy() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("classes", [CLASSES, ["A", "B", "C"]])
def test_the_level_holds_with_several_films_a_patient(classes):
    """Two models that differ by chance alone, each wrong or right on a patient's four films together."""
    random, hits, k = np.random.default_rng(0), [], len(classes)
    main = "AUROC" if k == 2 else "macro AUROC"
    for number in range(40):
        patient = np.repeat(np.arange(40), 4)
        truth = np.repeat(random.integers(0, k, 40), 4)
        tables = {}
        for name in ("first", "second"):
            logits = random.normal(size=(40, k))[patient] + 0.3 * random.normal(size=(160, k))
            logits[np.arange(160), truth] += 1
            p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
            rows = pd.DataFrame(p, columns=[f"p_{one}" for one in classes])
            rows["truth"], rows["label"] = np.array(classes)[truth], np.array(classes)[p.argmax(axis=1)]
            tables[name] = rows.assign(image=rows.index.astype(str), patient=patient.astype(str))
        table = compared(tables, classes, draws=0, permutations=200, seed=number)
        hits.append(table.loc[[main, "accuracy"], "p"] < 0.05)
    assert (np.sum(hits, axis=0) <= 6).all()  # 2 are expected; films taken for independent give over 10


def test_films_that_a_model_could_not_read_are_dropped_from_both(pair):
    tables = pair(n=60)
    columns = ["p_NORMAL", "p_PNEUMONIA", "probability"]
    for table in tables.values():
        table["error"], table["probability"] = "", 0.5
    tables["first"].loc[3, ["label", "error"]], tables["first"].loc[3, columns] = ("", "cut short"), np.nan
    tables["second"] = tables["second"].drop(index=[3, 9]).sample(frac=1, random_state=0)
    common, dropped = common_films(tables, CLASSES)
    assert dropped == 2
    assert list(common["first"]["image"]) == list(common["second"]["image"])
    assert (compared(tables)["n"] == 58).all()


def test_what_cannot_be_compared_is_said_in_one_line(pair):
    tables = pair()
    faults = {
        "Two models or more": {"first": tables["first"]},
        "predictions of second .* same classes": tables | {"second": pair(classes=["A", "B", "C"])["second"]},
        "another truth": tables | {"second": tables["second"].assign(truth="NORMAL")},
        "name a film twice: 0.png": tables | {"second": tables["second"].assign(image="0.png")},
        "No film was read by each": tables | {"second": tables["second"].assign(error="cut")},
    }
    for said, given in faults.items():
        with pytest.raises(CxrError, match=said) as fault:
            compared(given)
        assert "\n" not in str(fault.value)
    with pytest.raises(CxrError, match="Did you mean 'first'"):
        compared(tables, reference="frist")


def test_holm():
    """By hand: the smallest p times three, the next times two, and never below the one before."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.02, np.nan, 0.5]) == pytest.approx([0.04, np.nan, 0.5], nan_ok=True)


def test_several_models_are_adjusted(pair):
    tables = pair()
    alone = compared(tables).loc["AUROC", "p"]
    third = pair(noise=0.0)["second"]
    table = compared(tables | {"third": third})
    assert list(table.loc["AUROC", "model"]) == ["second", "third"]
    assert table.loc["AUROC", "p"].iloc[0] == pytest.approx(min(1, 2 * alone))

"""Predictions of other programs: their files are written as such programs write them, and held against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.prediction.foreign.score import evaluate_csv
from keras_cxr.prediction.score_options import ScoreOptions

FILMS = 60


@pytest.fixture
def films():
    """Truth and probability of PNEUMONIA of some films, two a patient."""
    random = np.random.default_rng(1)
    truth = np.arange(FILMS) % 2
    p = 1 / (1 + np.exp(-random.normal(2.0 * truth - 1, 1.5)))
    images = [f"film{number}.png" for number in range(FILMS)]
    labels = np.where(truth == 1, "PNEUMONIA", "NORMAL")
    return pd.DataFrame({"image": images, "label": labels, "p": p, "patient": np.arange(FILMS) // 2})


@pytest.fixture
def evaluated(tmp_path):
    """Write both files, score them, and read the scores."""

    def run(predictions, truth, *arguments, **options):
        predictions.to_csv(tmp_path / "preds.csv", index=False)
        truth.to_csv(tmp_path / "truth.csv", index=False)
        evaluation = evaluate_csv(
            tmp_path / "preds.csv", tmp_path / "truth.csv", tmp_path / "results", *arguments, **options
        )
        scores = pd.read_csv(tmp_path / "results" / "scores.csv").set_index("metric")["value"]
        return evaluation, scores

    return run


def truth_of(films):
    return films[["image", "label", "patient"]].sample(frac=1, random_state=0)


FORMS = {
    "two columns": lambda t: pd.DataFrame({"image": t["image"], "p_PNEUMONIA": t["p"], "p_normal": 1 - t["p"]}),
    "one column": lambda t: pd.DataFrame({"file": "x\\" + t["image"], "p_Pneumonia": t["p"]}),
    "probability": lambda t: pd.DataFrame({"path": "/there/" + t["image"], "probability": t["p"]}),
    "score": lambda t: pd.DataFrame({"image": t["image"].str.removesuffix(".png"), "score": t["p"]}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("error")
def test_what_programs_write(films, evaluated, form):
    evaluation, scores = evaluated(FORMS[form](films), truth_of(films))
    positive, p = films["label"] == "PNEUMONIA", films["p"]
    assert scores["AUROC"] == pytest.approx(metrics.roc_auc_score(positive, p), abs=1e-12)
    assert scores["Brier score"] == pytest.approx(metrics.brier_score_loss(positive, p), abs=1e-12)
    assert scores["sensitivity"] == scores["sensitivity at 0.5"] == metrics.recall_score(positive, p >= 0.5)
    assert scores["threshold"] == 0.5
    assert evaluation.predictions["patient"].nunique() == FILMS / 2
    assert any("bootstrap clustered by patient" in note for note in evaluation.notes)


def test_labels_of_the_program_count_unless_a_threshold_is_given(films, evaluated):
    predictions = FORMS["score"](films).assign(label=np.where(films["p"] >= 0.3, "pneumonia", "normal"))
    positive = films["label"] == "PNEUMONIA"
    _, scores = evaluated(predictions, truth_of(films))
    assert scores["specificity"] == metrics.recall_score(~positive, films["p"] < 0.3)
    assert "threshold" not in scores
    _, scores = evaluated(predictions, truth_of(films), threshold=0.7)
    assert scores["specificity"] == metrics.recall_score(~positive, films["p"] < 0.7)
    assert scores["threshold"] == 0.7


def test_the_other_class_is_positive(films, evaluated):
    evaluation, scores = evaluated(FORMS["two columns"](films), truth_of(films), positive="NORMAL")
    assert scores["sensitivity"] == metrics.recall_score(films["label"] == "NORMAL", films["p"] <= 0.5)
    assert any("The positive class is normal" in note for note in evaluation.notes)


def test_unmatched_and_failed_rows_are_counted_and_named(films, evaluated, tmp_path):
    predictions = FORMS["two columns"](films).drop(index=[3, 4])
    predictions.loc[5, "p_normal"] = np.nan
    predictions = pd.concat([predictions, predictions.tail(1).assign(image="stranger.png")])
    truth = pd.concat([truth_of(films), pd.DataFrame([{"image": "other.png", "label": "COVID", "patient": 99}])])
    truth.loc[0, "label"] = "COVID"
    evaluation, _ = evaluated(predictions, truth)
    unmatched = pd.read_csv(tmp_path / "results" / "unmatched.csv")
    assert set(unmatched["image"]) == {"stranger.png", "film3.png", "film4.png", "other.png"}
    notes = "\n".join(evaluation.notes)
    assert "1 rows of" in notes
    assert "are left out: stranger.png" in notes
    assert "3 rows of" in notes
    assert list(evaluation.predictions["error"].value_counts().items()) == [("", 56), ("no probability", 1)]


def test_more_classes(films, evaluated):
    names = ["normal", "mild", "severe"]
    p = np.random.default_rng(0).dirichlet([1, 1, 1], FILMS)
    predictions = pd.DataFrame({"image": films["image"], **{f"p_{name}": p[:, k] for k, name in enumerate(names)}})
    truth = films.assign(label=np.array(names)[np.arange(FILMS) % 3])[["image", "label"]]
    evaluation, scores = evaluated(predictions, truth, ScoreOptions(order=("normal", "mild", "severe")))
    labels = np.array(names)[p.argmax(axis=1)]
    kappa = metrics.cohen_kappa_score(truth["label"], labels, labels=names, weights="quadratic")
    assert scores["quadratic kappa"] == pytest.approx(kappa, abs=1e-12)
    assert scores["micro AUROC"] == pytest.approx(
        metrics.roc_auc_score(np.eye(3)[np.arange(FILMS) % 3], p, average="micro"), abs=1e-12
    )
    assert len(evaluation.confusions) == 6
    assert any("Wilson" in note for note in evaluation.notes)


def test_a_sensitivity_is_reached_on_validation_films_alone(films, evaluated):
    truth = truth_of(films).assign(split=lambda t: np.where(t["patient"] < 12, "valid", "test"), Age="40")
    options = ScoreOptions(at_sensitivity=0.9, prevalence=0.1, by=("age",))
    evaluation, scores = evaluated(FORMS["score"](films), truth, options)
    val, test = films[films["patient"] < 12], films[films["patient"] >= 12]
    threshold = scores["threshold at validation sensitivity 0.9"]
    sick = val["p"][val["label"] == "PNEUMONIA"]
    assert (sick >= threshold).mean() >= 0.9 > (sick > sick[sick >= threshold].min()).mean()
    healthy = test["label"] == "NORMAL"
    assert scores["specificity at validation sensitivity 0.9"] == (test["p"][healthy] < threshold).mean()
    assert "PPV at validation sensitivity 0.9 and prevalence 0.1" in scores
    assert len(evaluation.predictions) == len(test)
    assert set(evaluation.subgroups["group"]) == {"40–59"}
    evaluation, scores = evaluated(FORMS["score"](films), truth_of(films), ScoreOptions(at_sensitivity=0.9))
    assert not any("0.9" in name for name in scores.index)
    assert any("--at-sensitivity 0.9 is passed over: truth.csv names no validation film" in n for n in evaluation.notes)


def probability_of_label(t):
    return pd.DataFrame(
        {
            "image": t["image"],
            "label": np.where(t["p"] < 0.5, "NORMAL", "PNEUMONIA"),
            "probability": (t["p"] - 0.5).abs() + 0.5,
        }
    )


@pytest.mark.parametrize(
    ("predictions", "truth", "options", "kind", "word"),
    [
        (lambda t: t.rename(columns={"image": "what"}), None, {}, CxrError, "No image column"),
        (lambda t: t[["image"]], None, {}, CxrError, "needs the columns p_<class>"),
        (lambda t: FORMS["score"](t).assign(score="high"), None, {}, CxrError, "Received: 'high' in row 2"),
        (lambda t: FORMS["score"](t).assign(score=3.2), None, {}, CxrError, "between 0 and 1. Received: 3.2"),
        (lambda t: FORMS["two columns"](t).assign(p_normal=0.9), None, {}, CxrError, "must sum to 1 in each row"),
        (lambda t: pd.concat([FORMS["score"](t)] * 2), None, {}, CxrError, "names 60 films twice, first: film0"),
        (
            lambda t: FORMS["score"](t).assign(image="x" + t["image"]),
            None,
            {},
            CxrError,
            "such as 'xfilm0.png' and 'film",
        ),
        (lambda t: FORMS["score"](t).assign(label="sick"), None, {}, CxrError, "needs two classes"),
        (lambda t: FORMS["two columns"](t).assign(label="sick"), None, {}, CxrError, "Received: 'sick'"),
        (probability_of_label, None, {}, CxrError, "seem to be those of the label"),
        (FORMS["two columns"], lambda t: t.assign(label="COVID"), {}, CxrError, "the truth has COVID .60.. Rename"),
        (FORMS["score"], lambda t: t.drop(columns="label"), {}, CxrError, "No label column"),
        (FORMS["score"], lambda t: t.assign(label=""), {}, CxrError, "has a label"),
        (FORMS["two columns"], None, {"positive": "PNEUMONA"}, UsageError, "Did you mean 'PNEUMONIA'"),
        (FORMS["score"], None, {"split": "test"}, CxrError, "left to score .splits there: none"),
        (FORMS["score"], None, {"options": ScoreOptions(by=("site",))}, UsageError, "Unknown column for --by 'site'"),
        (FORMS["score"], None, {"options": ScoreOptions(ordered=True)}, UsageError, "three classes or more"),
    ],
)
def test_faults_are_one_clear_line(films, evaluated, predictions, truth, options, kind, word, tmp_path):
    known = truth_of(films).sort_values("patient")
    with pytest.raises(kind, match=word) as fault:
        evaluated(predictions(films), truth(known) if truth else known, **options)
    assert "\n" not in str(fault.value)
    assert not (tmp_path / "results").exists()


def test_columns_and_labels_are_named(films, evaluated):
    truth = truth_of(films).rename(columns={"label": "Befund"}).replace({"PNEUMONIA": "SICK"})
    labels = LabelOptions(label_column="Befund", renamed=(("SICK", "PNEUMONIA"),))
    _, scores = evaluated(FORMS["two columns"](films), truth, labels=labels)
    assert scores["AUROC"] == pytest.approx(metrics.roc_auc_score(films["label"] == "PNEUMONIA", films["p"]))

"""A multi-label model's films labelled, scored and explained; other programs' findings scored from CSV files."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn import metrics as sk

from keras_cxr.cli import main
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.findings import indicators, texts_of
from keras_cxr.explain.folder import explain_films
from keras_cxr.explain.request import Request
from keras_cxr.prediction.compare import name_models
from keras_cxr.prediction.evaluate import evaluate
from keras_cxr.prediction.foreign.score import evaluate_csv
from keras_cxr.prediction.predict import predict
from keras_cxr.prediction.score_options import ScoreOptions
from keras_cxr.prediction.serving.agreement import compare, validation_auroc
from keras_cxr.prediction.serving.material import stored_material
from keras_cxr.prediction.table import predictions_table

CLASSES = ["Bright", "Striped"]


def read(folder, **options):
    return read_dataset(folder, LabelOptions(multi_label="findings", **options))


def test_predictions_table():
    p = np.array([[0.7, 0.2, 0.5], [0.1, 0.05, 0.2]])
    table = predictions_table(list("abc"), p, list("XYZ"), {"X": 0.6, "Y": 0.2, "Z": 0.9}, ["", "no film", ""])
    assert list(table["label"]) == ["X|Y", "", "No Finding"]
    assert list(table["probability"][[0, 2]]) == [0.7, 0.2]
    assert table.loc[1, ["probability", "p_X"]].isna().all()


def test_predict(multi_label_model, films_with_findings, tmp_path):
    card = multi_label_model.card
    summary = predict(multi_label_model, films_with_findings, tmp_path / "preds.csv")
    assert summary.labels.total() == 80
    table = pd.read_csv(tmp_path / "preds.csv", keep_default_na=False)
    films = np.stack([np.asarray(_gray(films_with_findings / name)) for name in table["image"]])[..., None]
    p = expit(logit(multi_label_model.network()(films.astype("float32")).numpy().astype(float)) / card.temperature)
    found = table[[f"p_{name}" for name in CLASSES]].to_numpy()
    assert np.allclose(found, p, atol=1e-4)
    assert np.array_equal(table["probability"], found.max(axis=1))
    assert list(table["label"]) == list(texts_of(found >= [card.thresholds[name] for name in CLASSES], CLASSES))


def _gray(path):
    from PIL import Image

    return Image.open(path)


def test_evaluate(multi_label_model, films_with_findings, tmp_path):
    found = evaluate(
        multi_label_model, [read(films_with_findings)], tmp_path, split="all", options=ScoreOptions(by=("view",))
    )
    table = found.predictions
    truth, label = (indicators(table[column], CLASSES) for column in ("truth", "label"))
    p = table[[f"p_{name}" for name in CLASSES]].to_numpy()
    rows = found.scores.set_index("metric")["value"]
    assert rows["macro AUROC"] == pytest.approx(sk.roc_auc_score(truth, p), abs=1e-12)
    assert rows["exact-match accuracy"] == pytest.approx(sk.accuracy_score(truth, label), abs=1e-12)
    assert rows["threshold[Bright]"] == multi_label_model.card.thresholds["Bright"]
    assert any("model does not know are passed over: Hernia (2)" in note for note in found.notes)
    assert set(found.subgroups["group"]) == {"AP", "PA"}
    written = {file.name for file in tmp_path.iterdir()}
    assert written >= {"scores.csv", "confusion_matrix.png", "roc.png", "precision_recall.png", "subgroups.png"}
    assert not written & {"confusions.csv", "not_used.csv"}


def test_the_program_takes_the_column_that_the_model_was_trained_on(multi_label_model, films_with_findings, tmp_path):
    arguments = ["evaluate", films_with_findings, "-m", multi_label_model.folder, "-o", tmp_path, "--split", "val"]
    assert main([str(argument) for argument in arguments]) == 0
    rows = pd.read_csv(tmp_path / "scores.csv").set_index("metric")
    (value,) = (row["value"] for row in multi_label_model.card.scores if row["metric"] == "macro AUROC")
    assert rows.loc["macro AUROC", "value"] == pytest.approx(value, abs=1e-12)


def test_model_and_labels_must_agree(multi_label_model, tiny_model, films_with_findings, phantom, tmp_path):
    with pytest.raises(UsageError, match=r"is multi-label .*--multi-label COLUMN"):
        evaluate(multi_label_model, [read_dataset(phantom)], tmp_path)
    with pytest.raises(UsageError, match="goes without --multi-label"):
        evaluate(tiny_model, [read(films_with_findings)], tmp_path)
    renamed = (("Bright", "White"), ("Striped", "Lined"))
    with pytest.raises(CxrError, match=r"No film .* has a finding that the model knows"):
        evaluate(multi_label_model, [read(films_with_findings, renamed=renamed)], tmp_path, split="all")
    with pytest.raises(UsageError, match="--prevalence does not go with multi-label"):
        evaluate(multi_label_model, [read(films_with_findings)], tmp_path, options=ScoreOptions(prevalence=0.1))
    with pytest.raises(UsageError, match="A comparison is for models that give a film one class"):
        name_models([multi_label_model, tiny_model])


@pytest.mark.parametrize(("wanted", "against"), [(None, None), ("Striped", None), ("Bright", "Striped")])
def test_explain(multi_label_model, films_with_findings, tmp_path, wanted, against):
    request = Request(method="occlusion" if against else "gradcam", class_name=wanted, against=against)
    found = explain_films(multi_label_model, films_with_findings / "3.png", tmp_path, request)
    (row,) = found.rows
    if wanted is None:
        assert row["map_for"] in CLASSES
    else:
        assert row["map_for"].startswith(wanted)


def test_agreement_of_runtimes(multi_label_model):
    card, random = multi_label_model.card, np.random.default_rng(0)
    logits = random.normal(size=(50, 2)) * 2
    logits[0, 1] = 3
    assert compare(card, logits, logits).close
    other = logits.copy()
    other[0, 1] = -3
    assert compare(card, logits, other).labels == 49 / 50
    targets = random.integers(0, 2, (50, 2))
    assert validation_auroc(card, logits, targets) == pytest.approx(sk.roc_auc_score(targets, logits))
    assert validation_auroc(card, logits, np.zeros((50, 2), int)) is None
    films = stored_material(multi_label_model)
    assert films.targets.shape == (len(films.validation), 2)


@pytest.mark.parametrize("given", ["labels", "threshold", "half"])
def test_findings_of_another_program(tmp_path, given):
    random = np.random.default_rng(0)
    truth = random.random((60, 2)) < 0.4
    p = expit(random.normal(2.0 * truth - 1)).round(6)
    names = [f"{number}.png" for number in range(60)]
    texts = texts_of(truth, CLASSES)
    texts[0] = "Hernia|" + texts[0] if truth[0].any() else "Hernia"
    pd.DataFrame({"image": names, "diagnoses": texts}).to_csv(tmp_path / "truth.csv", index=False)
    answers = pd.DataFrame(p, columns=[f"p_{name}" for name in CLASSES]).assign(image=names)
    least = 0.3 if given == "threshold" else 0.5
    decided = p >= (0.6 if given == "labels" else least)
    if given != "half":
        answers["label"] = texts_of(p >= 0.6, CLASSES)
    answers.to_csv(tmp_path / "preds.csv", index=False)
    found = evaluate_csv(
        tmp_path / "preds.csv",
        tmp_path / "truth.csv",
        tmp_path / "results",
        labels=LabelOptions(multi_label="diagnoses"),
        threshold=least if given == "threshold" else None,
    )
    rows = found.scores.set_index("metric")["value"]
    assert rows["micro AUROC"] == pytest.approx(sk.roc_auc_score(truth, p, average="micro"), abs=1e-12)
    assert rows["Hamming loss"] == pytest.approx(sk.hamming_loss(truth, decided), abs=1e-12)
    assert any("do not know are passed over: Hernia (1)" in note for note in found.notes)


def test_files_of_findings_that_cannot_be_scored(tmp_path):
    (tmp_path / "truth.csv").write_text("image,findings\na.png,Mass\n")
    labels = LabelOptions(multi_label="findings")
    for text, error in (
        ("image,p_Mass\na.png,0.4\n", "needs the columns p_<finding> of two findings"),
        ("image,p_Mass,p_Hernia\na.png,0.4,1.4\n", "column p_Hernia of .* must hold probabilities"),
        ("image,p_Mass,p_Hernia,label\na.png,0.4,0.4,Edema\n", "must list findings of Mass, Hernia"),
    ):
        (tmp_path / "preds.csv").write_text(text)
        with pytest.raises(CxrError, match=error):
            evaluate_csv(tmp_path / "preds.csv", tmp_path / "truth.csv", tmp_path / "results", labels=labels)

"""Evaluation of a saved model: its files are read as a user reads them and held against scikit-learn."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import metrics

from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.calibration import threshold_for_sensitivity
from keras_cxr.prediction.evaluate import evaluate
from keras_cxr.prediction.score_options import ScoreOptions

CLASSES = ["NORMAL", "PNEUMONIA"]


def read(folder):
    """predictions.csv with numbers where they are, and scores.csv by data set and metric."""
    predictions = pd.read_csv(folder / "predictions.csv", dtype=str, keep_default_na=False)
    numbers = ["probability", "p_NORMAL", "p_PNEUMONIA"]
    predictions[numbers] = predictions[numbers].apply(pd.to_numeric)
    scores = pd.read_csv(folder / "scores.csv")
    return predictions, scores.set_index(["dataset", "metric"])


def expected(good):
    """scikit-learn's scores of the readable rows."""
    truth, label, p = good["truth"] == "PNEUMONIA", good["label"] == "PNEUMONIA", good["p_PNEUMONIA"]
    return {
        "AUROC": metrics.roc_auc_score(truth, p),
        "average precision": metrics.average_precision_score(truth, p),
        "accuracy": metrics.accuracy_score(truth, label),
        "balanced accuracy": metrics.balanced_accuracy_score(truth, label),
        "sensitivity": metrics.recall_score(truth, label),
        "specificity": metrics.recall_score(~truth, ~label),
        "F1": metrics.f1_score(truth, label),
        "Brier score": metrics.brier_score_loss(truth, p),
        "log loss": metrics.log_loss(truth, p),
    }


@pytest.fixture
def films(tmp_path, write_films):
    """A data set of two classes under small and capital letters, two patients of which have two films."""
    folder = tmp_path / "clinic"
    write_films(folder / "normal", [f"person{number // 2}_{number}.png" for number in range(9)], seed=1)
    write_films(folder / "Pneumonia", [f"person{10 + number}_1.png" for number in range(9)], seed=2)
    return folder


def test_scores_are_those_of_scikit_learn(with_card, films, positive, tmp_path):
    names = sorted(films.rglob("*.png"))
    threshold = float(np.median(positive(names, 2.0)))
    model, told = with_card(temperature=2.0, threshold=threshold), []
    evaluation = evaluate(model, [read_dataset(films)], tmp_path / "results", advance=told.append)
    predictions, scores = read(tmp_path / "results")
    assert sum(told) == len(predictions) == 18
    assert predictions["p_PNEUMONIA"].to_numpy() == pytest.approx(
        positive([films / name for name in predictions["image"]], 2.0), abs=1e-6
    )
    assert set(predictions["label"]) == set(CLASSES)
    assert list(predictions["truth"]) == [name.split("/")[0].upper() for name in predictions["image"]]
    assert predictions["patient"].nunique() == 5 + 9
    for metric, value in expected(predictions).items():
        row = scores.loc[("clinic", metric)]
        assert row["value"] == pytest.approx(value, abs=1e-9), metric
        assert row["low"] <= row["value"] <= row["high"]
        assert (row["n"], row["model"]) == (18, "tiny")
    report = metrics.classification_report(predictions["truth"], predictions["label"], digits=3, zero_division=0)
    assert evaluation.tables == {"clinic": report}
    for name in ("confusion_matrix.png", "roc.png", "precision_recall.png"):
        with Image.open(tmp_path / "results" / name) as figure:
            assert min(figure.size) > 200


def test_own_data_are_scored_on_the_test_split(tiny_model, phantom, tmp_path):
    evaluation = evaluate(tiny_model, [read_dataset(phantom)], tmp_path)
    predictions, scores = read(tmp_path)
    splits = pd.read_csv(tiny_model.folder / "splits.csv", dtype=str)
    test = splits[splits["split"] == "test"].set_index("image")
    assert sorted(predictions["image"]) == sorted(test.index)
    assert list(predictions["truth"]) == list(test.loc[predictions["image"], "label"])
    assert list(predictions["patient"]) == list(test.loc[predictions["image"], "patient"])
    assert scores["value"].xs("AUROC", level="metric").item() == pytest.approx(expected(predictions)["AUROC"])
    assert any("test split is scored" in note for note in evaluation.notes)


def test_several_data_sets(tiny_model, phantom, films, tmp_path):
    twin = tmp_path / "other" / "clinic"
    shutil.copytree(films, twin)
    datasets = [read_dataset(folder) for folder in (phantom, films, twin, films)]
    evaluation = evaluate(tiny_model, datasets, tmp_path / "results")
    predictions, scores = read(tmp_path / "results")
    names = [phantom.name, f"{tmp_path.name}-clinic", "other-clinic", f"{tmp_path.name}-clinic-2"]
    assert list(predictions["dataset"].unique()) == list(evaluation.tables) == names
    assert list(scores.index.unique("dataset")) == names
    for name in names:
        part = predictions[predictions["dataset"] == name]
        assert scores.loc[(name, "AUROC"), "value"] == pytest.approx(expected(part)["AUROC"])
        assert (tmp_path / "results" / f"confusion_matrix_{name}.png").is_file()
    assert scores.loc[(names[1], "AUROC"), "value"] == scores.loc[(names[3], "AUROC"), "value"]


def test_foreign_labels_are_left_out(tiny_model, films, write_films, tmp_path):
    write_films(films / "FRACTURE", ["person50_1.png", "person51_1.png"], seed=3)
    evaluation = evaluate(tiny_model, [read_dataset(films)], tmp_path / "results")
    assert set(read(tmp_path / "results")[0]["truth"]) == set(CLASSES)
    assert any("FRACTURE (2)" in note for note in evaluation.notes)


def test_nothing_that_the_model_knows(tiny_model, write_films, tmp_path):
    for label in ("SICK", "WELL"):
        write_films(tmp_path / "films" / label, ["person1_1.png", "person2_1.png"], seed=len(label))
    with pytest.raises(CxrError, match=r"model knows NORMAL, PNEUMONIA; .*SICK \(2\), WELL \(2\).* --map OLD=NEW"):
        evaluate(tiny_model, [read_dataset(tmp_path / "films")], tmp_path / "results")
    assert not (tmp_path / "results").exists()


def test_failures_stay_in_the_table_and_out_of_the_scores(tiny_model, films, tmp_path):
    (films / "normal" / "person99_1.png").write_bytes(b"no film")
    evaluate(tiny_model, [read_dataset(films)], tmp_path / "results")
    predictions, scores = read(tmp_path / "results")
    failed = predictions[predictions["error"] != ""]
    assert list(failed["image"]) == ["normal/person99_1.png"]
    assert (failed["truth"].item(), failed["label"].item(), failed["patient"].item()) == ("NORMAL", "", "person99")
    assert scores.loc[("clinic", "AUROC"), "n"] == 18
    good = predictions[predictions["error"] == ""]
    assert scores.loc[("clinic", "accuracy"), "value"] == pytest.approx(expected(good)["accuracy"])


def test_no_readable_film(tiny_model, tmp_path):
    for label in CLASSES:
        (tmp_path / "films" / label).mkdir(parents=True)
        (tmp_path / "films" / label / "1.png").write_bytes(b"no film")
    with pytest.raises(CxrError, match=r"can be read\. First: "):
        evaluate(tiny_model, [read_dataset(tmp_path / "films")], tmp_path / "results")


def test_one_class_alone(tiny_model, films, tmp_path):
    shutil.rmtree(films / "Pneumonia")
    evaluate(tiny_model, [read_dataset(films)], tmp_path / "results")
    predictions, scores = read(tmp_path / "results")
    assert np.isnan(scores.loc[("clinic", "AUROC"), "value"])
    share = (predictions["label"] == "NORMAL").mean()
    assert scores.loc[("clinic", "specificity"), "value"] == pytest.approx(share)
    assert (tmp_path / "results" / "confusion_matrix.png").is_file()


def test_three_classes(three_classes_model, tmp_path):
    model, folder = three_classes_model
    evaluate(model, [read_dataset(folder)], tmp_path, split="all")
    predictions = pd.read_csv(tmp_path / "predictions.csv", dtype=str)
    scores = pd.read_csv(tmp_path / "scores.csv").set_index("metric")["value"]
    p = predictions[[f"p_{name}" for name in model.card.classes]].astype(float).to_numpy()
    assert p.sum(axis=1) == pytest.approx(np.ones(len(p)))
    assert list(predictions["label"]) == [model.card.classes[index] for index in p.argmax(axis=1)]
    macro = metrics.roc_auc_score(predictions["truth"], p, multi_class="ovr")
    assert scores["macro AUROC"] == pytest.approx(macro)
    assert scores["accuracy"] == pytest.approx(metrics.accuracy_score(predictions["truth"], predictions["label"]))


def test_a_sensitivity_is_chosen_on_validation_films_and_carried_unchanged(tiny_model, phantom, tmp_path):
    splits = pd.read_csv(tiny_model.folder / "splits.csv", dtype=str)
    val = evaluate(tiny_model, [read_dataset(phantom)], tmp_path / "val", split="val").predictions
    assert set(val["image"]) == set(splits["image"][splits["split"] == "val"])
    expected_threshold = threshold_for_sensitivity(val["truth"] == "PNEUMONIA", val["p_PNEUMONIA"], 0.9)
    options = ScoreOptions(at_sensitivity=0.9, prevalence=0.05)
    evaluation = evaluate(tiny_model, [read_dataset(phantom)], tmp_path, options=options)
    scores = read(tmp_path)[1].loc[phantom.name]
    row = scores.loc["threshold at validation sensitivity 0.9"]
    assert row["value"] == pytest.approx(expected_threshold, abs=1e-6)
    assert row["n"] == len(val)
    found = evaluation.predictions["p_PNEUMONIA"] >= row["value"]
    sick = evaluation.predictions["truth"] == "PNEUMONIA"
    assert scores.loc["sensitivity at validation sensitivity 0.9", "value"] == found[sick].mean()
    assert scores.loc["threshold", "value"] == tiny_model.card.threshold
    assert "NPV at 0.5 and prevalence 0.05" in scores.index
    assert set(evaluation.predictions["image"]) == set(splits["image"][splits["split"] == "test"])
    assert any(f"chosen on {len(val)} validation films of tiny" in note for note in evaluation.notes)


def test_without_validation_films_no_threshold_is_chosen(tiny_model, films, with_card, tmp_path):
    gone = with_card(data={**tiny_model.card.data, "folder": str(tmp_path / "gone")})
    options = ScoreOptions(at_sensitivity=0.9)
    evaluation = evaluate(gone, [read_dataset(films)], tmp_path / "results", options=options)
    assert any("--at-sensitivity 0.9 is passed over: no validation film of tiny" in note for note in evaluation.notes)
    assert not evaluation.scores["metric"].str.contains("validation").any()


def test_what_the_films_would_have_chosen_is_told_and_not_used(tiny_model, films, tmp_path):
    evaluation = evaluate(tiny_model, [read_dataset(films)], tmp_path / "results")
    table = pd.read_csv(tmp_path / "results" / "not_used.csv").set_index("setting")
    assert table.loc["threshold", "used"] == tiny_model.card.threshold
    assert table.loc["temperature", "used"] == tiny_model.card.temperature
    assert table.loc["threshold", "with not used"] >= table.loc["threshold", "with used"]
    assert sum(note.startswith("Not used: the films of clinic") for note in evaluation.notes) == 1


def test_subgroups(tiny_model, films, tmp_path):
    names = sorted(path.relative_to(films).as_posix() for path in films.rglob("*.png"))
    rows = [f"{name},{name.split('/')[0]},{'a' if number % 3 else 'b'}" for number, name in enumerate(names)]
    (films / "labels.csv").write_text("\n".join(["image,label,Site", *rows]))
    options = ScoreOptions(by=("site", "patient"))
    evaluation = evaluate(tiny_model, [read_dataset(films)], tmp_path / "results", options=options)
    table = pd.read_csv(tmp_path / "results" / "subgroups.csv").set_index(["column", "group", "metric"])
    good = evaluation.predictions[evaluation.predictions["Site"] == "a"]
    assert table.loc[("Site", "a", "AUROC"), "value"] == pytest.approx(expected(good)["AUROC"], abs=1e-9)
    assert table.loc[("Site", "b", "AUROC"), "note"] == "6 films, fewer than 10: no interval"
    assert table.loc[("patient", "2–3 films", "AUROC"), "n"] == 8
    assert (tmp_path / "results" / "subgroups.png").is_file()
    with pytest.raises(CxrError, match="Unknown column for --by 'sitte'"):
        evaluate(tiny_model, [read_dataset(films)], tmp_path / "results", options=ScoreOptions(by=("sitte",)))

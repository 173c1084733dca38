"""Several models on several data sets: each evaluation as a user reads it, and the table of them all."""

import dataclasses
import shutil

import pandas as pd
import pytest
from sklearn import metrics

from keras_cxr.cli import main
from keras_cxr.data import films as reading
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.elsewhere.beside import Beside
from keras_cxr.prediction.elsewhere.what_can_be_done import Wanted
from keras_cxr.prediction.evaluate import evaluate
from keras_cxr.prediction.matrix import evaluate_matrix
from keras_cxr.prediction.model_names import name_apart
from keras_cxr.report.cells import interval


@pytest.fixture
def clinic(tmp_path, write_films):
    """Films that no model has seen, three of a class that only one knows."""
    write_films(tmp_path / "clinic" / "normal", [f"person{number}_1.png" for number in range(9)], seed=11)
    write_films(tmp_path / "clinic" / "Pneumonia", [f"person{20 + number}_1.png" for number in range(9)], seed=12)
    write_films(tmp_path / "clinic" / "VIRUS", [f"person{40 + number}_1.png" for number in range(3)], seed=13)
    return tmp_path / "clinic"


@pytest.fixture
def trained(tmp_path, tiny_model, phantom):
    """Films that ``tiny_model`` was trained on, and no others."""
    splits = pd.read_csv(tiny_model.folder / "splits.csv", dtype=str)
    for row in splits[splits["split"] == "train"].itertuples():
        (tmp_path / "trained" / row.label).mkdir(parents=True, exist_ok=True)
        shutil.copy(phantom / row.image, tmp_path / "trained" / row.label)
    return tmp_path / "trained"


def test_the_matrix(tiny_model, three_classes_model, phantom, clinic, trained, tmp_path, capfd):
    out, three = tmp_path / "out", three_classes_model[0]
    out.mkdir()
    (out / "predictions.csv").write_text("of an evaluation before")
    arguments = [phantom, clinic, trained, "-m", tiny_model.folder, "-m", three.folder, "-o", out]
    assert main(["evaluate", *map(str, arguments)]) == 0
    said = capfd.readouterr()
    assert "AUROC or macro AUROC, 95 % intervals" in said.out
    table = pd.read_csv(out / "matrix.csv").set_index(["model", "dataset", "metric"]).sort_index()
    predictions = pd.read_csv(out / "tiny" / "predictions.csv")
    for name, part in predictions.groupby("dataset"):
        truth, called = part["truth"] == "PNEUMONIA", part["label"] == "PNEUMONIA"
        row = table.loc[("tiny", name)]
        assert row.loc["AUROC", "value"] == pytest.approx(metrics.roc_auc_score(truth, part["p_PNEUMONIA"]))
        assert row.loc["sensitivity", "value"] == pytest.approx(metrics.recall_score(truth, called))
        assert row.loc["specificity", "value"] == pytest.approx(metrics.recall_score(~truth, ~called))
        assert set(row["n"]) == {len(part)}
    assert set(predictions["dataset"]) == {phantom.name, "clinic"}
    assert table["seen"].groupby("model", sort=False).sum().to_dict() == {"tiny": 4, "model": 0}
    assert set(table["trained_on"]) == {f"{phantom.name} + trained", "films"}
    # Of the films that tiny was trained on nothing is left; model knows NORMAL and VIRUS of the clinic.
    assert table.loc[("tiny", "trained", "AUROC"), ["n"]].item() == 0
    assert table.loc[("model", "clinic", "macro AUROC"), "n"] == 12
    notes = (out / "notes.txt").read_text().splitlines()
    assert any(note.startswith("tiny: No film of") and "in the test split" in note for note in notes)
    assert "tiny: Left out of clinic, as the model does not know the label: VIRUS (3)." in notes
    assert "model: Left out of clinic, as the model does not know the label: Pneumonia (9)." in notes
    assert "model: clinic has no film to score of BACTERIA, which the model knows." in notes
    scores = pd.read_csv(out / "scores.csv")
    assert list(scores["model"].unique()) == ["tiny", "model"]
    written = {path.name for path in out.iterdir()}
    account = {"evaluation.json", "report.html"}
    assert written == {"tiny", "model", "scores.csv", "notes.txt", "matrix.csv", "matrix.png", "matrix.svg", *account}

    assert main(["evaluate", str(clinic), "-m", str(tiny_model.folder), "-o", str(out), "--no-report"]) == 0
    assert not (out / "matrix.csv").exists()
    assert "Left out of clinic, as the model does not know the label: VIRUS (3).\n" in (out / "notes.txt").read_text()


def test_models_of_one_name_are_told_apart(tiny_model, clinic, tmp_path):
    twins = [open_model(shutil.copytree(tiny_model.folder, tmp_path / place / "tiny")) for place in ("a", "b")]
    with pytest.raises(UsageError, match="given twice"):
        name_apart([twins[0], twins[0]])
    assert list(name_apart(twins)) == ["a-tiny", "b-tiny"]


def test_films_are_decoded_once_for_all_models_and_tables_joined(tiny_model, clinic, tmp_path, monkeypatch):
    (clinic / "normal" / "torn.png").write_bytes(b"\x89PNG torn")
    models = {
        name: open_model(shutil.copytree(tiny_model.folder, tmp_path / "models" / name / "tiny")) for name in "ab"
    }
    alone = evaluate(models["a"], [read_dataset(clinic)], tmp_path / "alone")
    before = {path: path.read_bytes() for path in (tmp_path / "models").rglob("*") if path.is_file()}
    decode, decoded, out = reading.decode, [], tmp_path / "out"

    def counting(content, **settings):
        decoded.append(content)
        return decode(content, **settings)

    monkeypatch.setattr(reading, "decode", counting)
    out.mkdir()
    for file in ("shift.csv", "remedies_clinic.png", "MODEL_CARD.md"):
        (out / file).write_text("of an evaluation before")
    probe = Beside(tries=Wanted(probe=True))

    def by_keras(model, films):
        # As where stored features are looked up.
        assert len(list(films)) == 19

    matrix = evaluate_matrix(models, [read_dataset(clinic)], out, by_keras, beside=probe)
    assert len(decoded) == 19
    for name in models:
        found = matrix.evaluations[name]
        pd.testing.assert_frame_equal(found.predictions, alone.predictions)
        pd.testing.assert_frame_equal(found.scores.assign(model="tiny"), alone.scores)
        assert (found.predictions["error"] != "").sum() == 1
        (auroc,) = found.scores[found.scores["metric"] == "AUROC"].itertuples()
        card = (out / name / "MODEL_CARD.md").read_text(encoding="utf-8")
        assert f"| AUROC | {interval(auroc.value, auroc.low, auroc.high)} |" in card
        assert "| clinic | 18 | 18 | 1 | no |" in card
    whole, part = (pd.read_csv(folder / "probe.csv") for folder in (out, out / "a"))
    assert list(whole["model"]) == ["a"] * len(part) + ["b"] * len(part)
    pd.testing.assert_frame_equal(whole[: len(part)], part)
    assert not {"shift.csv", "remedies_clinic.png", "MODEL_CARD.md"} & {path.name for path in out.iterdir()}
    assert {path: path.read_bytes() for path in (tmp_path / "models").rglob("*") if path.is_file()} == before


def test_nothing_to_score_at_all(tiny_model, trained, tmp_path):
    other = dataclasses.replace(tiny_model, folder=tiny_model.folder)
    with pytest.raises(CxrError, match="No model can be scored on any of these data sets"):
        evaluate_matrix({"one": tiny_model, "two": other}, [read_dataset(trained)], tmp_path / "out")
    assert not (tmp_path / "out").exists()

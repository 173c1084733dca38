"""Films of another synthetic hospital, which exposes, frames and marks them differently, against those trained on."""

import pytest

from keras_cxr.data.phantom.dataset import write_phantom
from keras_cxr.data.record import read_splits
from keras_cxr.data.source import read_dataset
from keras_cxr.evaluation.shift import SHIFT_COLUMNS
from keras_cxr.prediction.elsewhere.reference_films import reference_films
from keras_cxr.prediction.elsewhere.shift import masks_to_cover, shift_section
from keras_cxr.prediction.embedding.embed import Embedder
from keras_cxr.prediction.evaluate import known_films
from keras_cxr.prediction.familiarity import with_familiarity
from keras_cxr.prediction.label_films import label_dataset
from keras_cxr.prediction.serving.choose import Choice


@pytest.fixture(scope="module")
def hospital_b(tmp_path_factory):
    folder = tmp_path_factory.mktemp("b") / "hospital-b"
    write_phantom(folder, patients=20, seed=5, hospital="b", size=128)
    return folder


def _section(model, folders, run, output, **settings):
    datasets = {folder.name: read_dataset(folder) for folder in folders}
    films = {name: known_films(model, dataset, None)[0] for name, dataset in datasets.items()}
    predictions = {name: label_dataset(model, films[name], datasets[name].root, run=run) for name in datasets}
    features = run or Embedder(model)
    return films, shift_section(model, datasets, films, predictions, features, output, **settings)


@pytest.fixture(scope="module")
def found(usual_model, hospital_b, tmp_path_factory):
    """Of hospital b, with the training's own films beside it: films scored, table, notes and the folder of figures."""
    output, own = tmp_path_factory.mktemp("shift"), usual_model.folder.parent / "films"
    run = with_familiarity(usual_model, Choice("keras"))[0].run
    datasets = {folder: read_dataset(folder) for folder in (own, hospital_b)}
    masks = masks_to_cover({str(folder): dataset for folder, dataset in datasets.items()})
    films, (table, notes) = _section(usual_model, (own, hospital_b), run, output, lung_masks=masks)
    return films, table.set_index("item"), notes, output


def test_another_hospital_is_told_apart(found):
    _, table, notes, output = found
    assert list(table.reset_index().columns.sort_values()) == sorted(SHIFT_COLUMNS)
    assert set(table["dataset"]) == {"hospital-b"}
    assert set(table["reference"]) == {"films (training)"}
    for by in ("embedding", "pixel statistics", "gray levels", "films with covered lungs"):
        row = table.loc[f"told apart by {by}"]
        assert 0.8 < row["low"] < row["value"] <= row["high"] <= 1
        assert row["flag"] == "warning"
        assert f"AUROC {row['value']:.2f}" in row["meaning"]
    assert (output / "shift.png").stat().st_size > 10_000
    assert (output / "shift.svg").is_file()
    assert not [note for note in notes if "lungs covered" in note]


def test_shares_are_of_all_films(usual_model, found):
    films, table, _, _ = found
    splits = read_splits(usual_model.folder / "splits.csv")
    trained = splits[splits["split"].isin(["train", "val"])]
    ratio = (films["hospital-b"]["label"] == "PNEUMONIA").mean() / (trained["label"] == "PNEUMONIA").mean()
    assert table.loc["class share ratio [PNEUMONIA]", "value"] == pytest.approx(ratio)
    assert table.loc["class shares (p)", "n"] == len(films["hospital-b"]) + len(trained)


def test_without_familiarity_and_masks_notes_say_what_is_missing(usual_model, hospital_b, tmp_path):
    _, (table, notes) = _section(usual_model, (hospital_b,), None, tmp_path)
    assert not table["item"].str.contains("unfamiliar|covered").any()
    assert any("give --lungs-model FOLDER, or --lung-masks FOLDER" in note for note in notes)
    assert any("how unfamiliar the films of hospital-b are" in note for note in notes)


def test_the_training_alone_is_no_outside_set(usual_model, tmp_path):
    _, (table, notes) = _section(usual_model, (usual_model.folder.parent / "films",), None, tmp_path)
    assert table.empty
    assert notes == []
    assert not list(tmp_path.iterdir())


def test_reference_films_are_those_of_validation_first(usual_model):
    splits = read_splits(usual_model.folder / "splits.csv")
    counts = splits.drop_duplicates("sha256")["split"].value_counts()
    few, all_of_them = (reference_films(usual_model, [], most) for most in (counts["val"] + 3, 1000))
    assert few["split"].value_counts().to_dict() == {"val": counts["val"], "train": 3}
    assert len(all_of_them) == counts["val"] + counts["train"]
    by_path = {f"{usual_model.card.data['folder']}/{row.image}": row.patient for row in splits.itertuples()}
    assert few["patient"].tolist() == [by_path[path] for path in few["path"]]


def test_a_training_that_is_gone_is_said(usual_model, hospital_b, tmp_path, monkeypatch):
    monkeypatch.setitem(usual_model.card.data, "folder", str(tmp_path / "gone"))
    _, (table, notes) = _section(usual_model, (hospital_b,), None, tmp_path)
    assert any("training are not at hand" in note for note in notes)
    assert "class shares (p)" in set(table["item"])
    assert not table["item"].str.startswith("told apart").any()

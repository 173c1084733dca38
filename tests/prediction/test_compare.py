"""Comparisons of saved models: the films, the files, and what is refused."""

import dataclasses
import json
import pathlib
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import metrics

from keras_cxr.cli import main
from keras_cxr.data.source import read_dataset
from keras_cxr.evaluation.paired import DIFFERENCES_COLUMNS, TWO_CLASSES
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction import label_together as labelling
from keras_cxr.prediction.compare import name_models, unseen_films
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.train import train


@pytest.fixture(scope="module")
def other(phantom, tmp_path_factory):
    """A second model of other splits and another size than ``tiny_model``."""
    recipe = Recipe(architecture="lenet5", size=32, epochs=1, seed=1)
    return train(read_dataset(phantom), recipe, tmp_path_factory.mktemp("others") / "other", runtimes=False)


@pytest.fixture
def films(tmp_path, write_films):
    """Films that no model has seen, with one that cannot be read."""
    folder = tmp_path / "clinic"
    write_films(folder / "normal", [f"person{number // 2}_{number}.png" for number in range(12)], seed=1)
    write_films(folder / "pneumonia", [f"person{10 + number}_1.png" for number in range(12)], seed=2)
    (folder / "normal" / "person90_1.png").write_bytes(b"no film")
    return folder


def compare(*arguments):
    return main(["compare", *map(str, arguments)])


def read(folder, name):
    return pd.read_csv(folder / name, keep_default_na=False, na_values=[""])


def test_the_whole_comparison(tiny_model, other, films, tmp_path, capfd):
    out = tmp_path / "out"
    assert compare(tiny_model.folder, other.folder, "--on", films, "-o", out) == 0
    said = capfd.readouterr()
    assert "could not read them: 1 films" in said.err
    assert "Differences against tiny" in said.out

    table = read(out, "comparison.csv").set_index("model")
    differences = read(out, "differences.csv")
    assert list(table.index) == ["tiny", "other"]
    assert list(differences.columns) == DIFFERENCES_COLUMNS
    assert list(differences["metric"]) == list(TWO_CLASSES)
    assert set(differences["reference"]) == {"tiny"}
    aurocs = {}
    for model in (tiny_model, other):
        name, row = model.card.name, table.loc[model.card.name]
        network = keras.models.load_model(model.folder / "model.keras", compile=False)
        assert row["parameters"] == sum(int(np.prod(weight.shape)) for weight in network.weights)
        history = pd.read_csv(model.folder / "history.csv")
        assert row["seconds an epoch"] == pytest.approx(history["seconds"].mean(), abs=0.01)
        assert (row["epochs"], row["films"], row["runtime"]) == (len(history), 24, "keras")
        assert row["films a second"] > 0
        predictions = read(out, f"predictions-{name}.csv")
        assert len(predictions) == 25
        good = predictions[predictions["error"].isna()]
        truth = good["truth"] == "PNEUMONIA"
        aurocs[name] = metrics.roc_auc_score(truth, good["p_PNEUMONIA"])
        assert row["AUROC"] == pytest.approx(aurocs[name])
        assert row["AUROC low"] <= row["AUROC"] <= row["AUROC high"]
        assert row["accuracy"] == pytest.approx(metrics.accuracy_score(good["truth"], good["label"]))
    found = differences.set_index("metric").loc["AUROC", "difference"]
    assert found == pytest.approx(aurocs["other"] - aurocs["tiny"])
    page = (out / "comparison.md").read_text()
    assert "24 films" in page
    assert f"{table.loc['tiny', 'AUROC']:.3f} (" in page
    assert "<svg" in (out / "comparison.svg").read_text()
    with Image.open(out / "comparison.png") as figure:
        assert min(figure.size) > 300


def test_the_training_films_of_any_model_are_left_out(tiny_model, other, phantom):
    dataset = read_dataset(phantom)
    films, notes = unseen_films({"tiny": tiny_model, "other": other}, dataset)
    expected = None
    for model in (tiny_model, other):
        splits = pd.read_csv(model.folder / "splits.csv", dtype=str)
        test = set(splits.loc[splits["split"] == "test", "image"])
        expected = test if expected is None else expected & test
    assert {pathlib.Path(path).relative_to(phantom).as_posix() for path in films["path"]} == expected
    assert notes[-1].startswith(f"{len(expected)} of {len(dataset.table)} films")
    assert "by other" in notes[-1]


def test_films_are_decoded_once_for_models_that_see_the_same(tiny_model, other, films, monkeypatch):
    read_before, calls = labelling.read_films, []
    monkeypatch.setattr(labelling, "read_films", lambda *given: calls.append(given) or read_before(*given))
    paths = sorted(str(path) for path in films.rglob("*.png"))
    models = {"tiny": tiny_model, "twin": tiny_model, "other": other}

    def run(pixels):
        return pixels.mean(axis=(1, 2)) / 255

    tables, speeds = labelling.label_together(models, dict.fromkeys(models, run), paths)
    assert len(calls) == 2
    pd.testing.assert_frame_equal(tables["tiny"], tables["twin"])
    assert all(list(table["image"]) == paths for table in tables.values())
    assert all(speed > 0 for speed in speeds.values())


def test_names_and_reference(tiny_model, other, tmp_path):
    twins = [open_model(shutil.copytree(tiny_model.folder, tmp_path / place / "tiny")) for place in ("a", "b")]
    models, reference = name_models([*twins, other])
    assert (list(models), reference) == (["a-tiny", "b-tiny", "other"], "a-tiny")
    assert name_models([*twins, other], str(tmp_path / "b" / "tiny"))[1] == "b-tiny"
    assert name_models([*twins, other], "other")[1] == "other"


def test_what_is_refused_in_one_line(tiny_model, other, films, tmp_path, capfd):
    strange = tmp_path / "strange"
    shutil.copytree(other.folder, strange)
    card = dataclasses.asdict(other.card) | {"classes": ["NORMAL", "PNEUMONIA", "TUBERCULOSIS"]}
    (strange / "card.json").write_text(json.dumps(card))
    for arguments, code, words in (
        ([tiny_model.folder], 2, "Give two models or more"),
        ([tiny_model.folder, tiny_model.folder], 2, "is given twice"),
        ([tiny_model.folder, strange], 2, "other knows NORMAL, PNEUMONIA, TUBERCULOSIS"),
        ([tiny_model.folder, other.folder, "--reference", "othr"], 2, "Did you mean 'other'?"),
        ([tiny_model.folder, tmp_path / "nowhere"], 1, "does not exist"),
    ):
        assert compare(*arguments, "--on", films, "-o", tmp_path / "out") == code
        said = capfd.readouterr().err
        assert words in said
        assert len(said.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()

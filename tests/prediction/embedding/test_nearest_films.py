"""The training films beside the films of a report: those that scikit-learn finds, marked where they prove nothing."""

import pathlib
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from keras_cxr.cli import main
from keras_cxr.data.films import read_film
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import read_splits
from keras_cxr.data.source import read_dataset
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.embedding.embed import Embedder
from keras_cxr.prediction.embedding.nearest_films import nearest_films
from keras_cxr.prediction.evaluate import known_films
from keras_cxr.prediction.label_films import label_dataset

K = 3


@pytest.fixture(scope="module")
def model(tiny_model, phantom, tmp_path_factory):
    """The tiny model with a training folder of its own, one film of which has changed since."""
    folder = tmp_path_factory.mktemp("near")
    shutil.copytree(tiny_model.folder, folder / "model")
    shutil.copytree(phantom, folder / "films")
    own = open_model(folder / "model")
    text = (own.folder / "card.json").read_text(encoding="utf-8")
    old = own.card.data["folder"]
    assert old in text
    new = old.replace(str(phantom), str(folder / "films"))
    (own.folder / "card.json").write_text(text.replace(old, new), encoding="utf-8")
    own = open_model(own.folder)
    splits = read_splits(own.folder / "splits.csv")
    changed = folder / "films" / splits[splits["split"] == "train"]["image"].iloc[0]
    shutil.copy(folder / "films" / splits[splits["split"] == "test"]["image"].iloc[0], changed)
    return own


@pytest.fixture(scope="module")
def clinic(write_films, tmp_path_factory):
    """An outside set."""
    folder = tmp_path_factory.mktemp("outside") / "clinic"
    for number, label in enumerate(("NORMAL", "PNEUMONIA")):
        write_films(folder / label, [f"person{number}_{film}.png" for film in range(4)], seed=number)
    return folder


def evaluated(data, model, output, *arguments):
    """Run ``keras-cxr evaluate``; the table, what was said, and the page."""
    command = ["evaluate", str(data), "-m", str(model.folder), "-o", str(output), "--runtime", "keras", *arguments]
    assert main(command) == 0
    file = output / "nearest.csv"
    table = pd.read_csv(file, dtype=str, keep_default_na=False) if file.is_file() else None
    return table, (output / "report.html").read_text(encoding="utf-8")


def vectors(model, paths):
    """The package's embedding of each film, computed alone."""
    embedder, preprocessing = Embedder(model), Preprocessing(**model.card.preprocessing)
    return np.stack([embedder(read_film(path, preprocessing).pixels[None, ..., None])[0][0] for path in paths])


def test_the_nearest_are_those_of_scikit_learn(model, clinic, tmp_path, capfd):
    table, page = evaluated(clinic, model, tmp_path, "--nearest", str(K))
    splits = read_splits(model.folder / "splits.csv")
    root = f"{model.card.data['folder']}/"
    training = splits[splits["split"] == "train"].iloc[1:].reset_index(drop=True)
    known = vectors(model, root + training["image"])
    scaler = StandardScaler().fit(known)
    search = NearestNeighbors(n_neighbors=K).fit(scaler.transform(known))
    images = list(dict.fromkeys(table["image"]))
    distances, rows = search.kneighbors(scaler.transform(vectors(model, [str(clinic / image) for image in images])))
    assert list(table["neighbour"]) == list(training["image"].iloc[rows.ravel()])
    assert list(table["neighbour_label"]) == list(training["label"].iloc[rows.ravel()])
    np.testing.assert_allclose(table["distance"].astype(float), distances.ravel() / known.shape[1] ** 0.5, rtol=1e-4)
    assert list(table["rank"]) == ["1", "2", "3"] * len(images)
    assert set(table["dataset"]) == {"clinic"}
    changed = f"1 of the {len(training) + 1} of {model.card.name} are not at hand, cannot be read or have changed"
    assert changed in capfd.readouterr().err
    assert changed in page
    shown = re.findall('<img src="data:image/jpeg[^"]*" alt="training film ([^"]*)"', page)
    assert shown
    assert set(shown) == set(table["neighbour"])
    # A report made again has them too.
    (tmp_path / "report.html").unlink()
    assert main(["report", str(tmp_path), "--no-heatmaps"]) == 0
    again = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall('alt="training film ([^"]*)"', again) == shown


def by_pixels(films):
    """Vectors and logits without a network."""
    vectors = films[:, ::8, ::8, 0].reshape(len(films), -1).astype("float32")
    return vectors, vectors.mean(axis=1, keepdims=True) / 100 - 1


def found(model, folder, k, split=None):
    """The table and notes of ``nearest_films``, films compared and labelled by their pixels."""
    dataset = read_dataset(folder)
    films, _ = known_films(model, dataset, split)
    predictions = label_dataset(model, films, dataset.root, run=lambda films: by_pixels(films)[1])
    return nearest_films(model, {"a": films}, {"a": predictions}, k, lambda films: by_pixels)


def test_the_same_film_and_the_same_patient_are_marked(model):
    patient = read_splits(model.folder / "splits.csv").set_index("image")["patient"]
    table, notes = found(model, model.card.data["folder"], 2, split="train")
    first, second = (table[table["rank"] == rank] for rank in (1, 2))
    assert set(first["relation"]) == {"same file"}
    assert list(first["neighbour"]) == list(first["image"])
    assert list(first["distance"]) == pytest.approx([0] * len(first), abs=1e-6)
    same = [patient[row.image] == patient[row.neighbour] for row in second.itertuples()]
    assert list(second["relation"] == "same patient") == same
    assert any(same)
    assert f"{len(first)} films of the report have one marked 'same file'" in " ".join(notes)


def test_a_patient_of_the_same_name_is_marked(model, write_films, tmp_path):
    splits = read_splits(model.folder / "splits.csv")
    name = splits[splits["split"] == "train"]["patient"].iloc[-1]
    lines = [f"{number}.png,{label},{name}" for number, label in enumerate(("NORMAL", "PNEUMONIA"))]
    write_films(tmp_path, ["0.png", "1.png"], seed=3)
    (tmp_path / "labels.csv").write_text("\n".join(["image,label,patient", *lines]) + "\n")
    table, _ = found(model, tmp_path, 1000)
    of_that_name = table["neighbour"].isin(splits[splits["patient"] == name]["image"])
    assert of_that_name.any()
    assert set(table["relation"][of_that_name]) == {"patient of the same name"}
    assert set(table["relation"][~of_that_name]) == {""}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda model, films: shutil.rmtree(films), "the folder that {} was trained on is gone (looked in '"),
        (lambda model, films: [file.unlink() for file in films.rglob("*.png")], "none is at hand (looked in '"),
        (lambda model, films: (model / "splits.csv").unlink(), "{} has no splits.csv"),
    ],
)
def test_without_training_films_a_note_says_so(model, clinic, tmp_path, change, said):
    home = pathlib.Path(shutil.copytree(model.card.data["folder"], tmp_path / "films"))
    shutil.copytree(model.folder, tmp_path / "model")
    own = open_model(tmp_path / "model")
    own.card.data["folder"] = str(home)
    change(own.folder, home)
    table, notes = found(own, clinic, 2)
    assert table.empty
    (note,) = notes
    assert note.startswith(f"No nearest training films: {said.format(model.card.name)}")


def test_what_an_earlier_evaluation_left_is_taken_away_and_the_note_told(model, clinic, tmp_path, capfd):
    home = pathlib.Path(model.card.data["folder"])
    (tmp_path / "nearest.csv").write_text("left\n")
    home.rename(home.with_name("away"))
    table, page = evaluated(clinic, model, tmp_path, "--nearest", "2")
    home.with_name("away").rename(home)
    assert table is None
    for text in (capfd.readouterr().err, page):
        assert text.count("No nearest training films: ") == 1
    assert 'alt="training film' not in page


def test_it_needs_films(tmp_path, capfd):
    assert main(["evaluate", "--predictions", "p.csv", "--truth", "t.csv", "--nearest", "2"]) == 2
    assert "--nearest needs films and a model" in capfd.readouterr().err

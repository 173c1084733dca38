"""Stored features give the logits of the plain way, are found again, and are never stale."""

import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_cxr.cli import main
from keras_cxr.data.films import read_films
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import read_dataset
from keras_cxr.models import trunk
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.evaluate import evaluate
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.stored_features import FeatureRun, all_stored, through_store


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def passed(monkeypatch):
    """The numbers of films of which the backbone computed features."""
    counts, features = [], trunk.features

    def counting(model):
        run = features(model)

        def count(films):
            counts.append(len(films))
            return run(films)

        return count

    monkeypatch.setattr(trunk, "features", counting)
    return counts


@pytest.fixture
def folder(write_films, tmp_path):
    films = write_films(tmp_path / "clinic", [f"NORMAL/person{number}_1.png" for number in range(6)], seed=1)
    return write_films(films, [f"PNEUMONIA/person{number}_1.png" for number in range(10, 16)], seed=2)


def films_of(model, folder):
    paths = sorted(map(str, folder.rglob("*.png")))
    return list(read_films(paths, Preprocessing(**model.card.preprocessing)))


def evaluated(model, folder, output, split=None):
    def find_run(films):
        return through_store(model, Choice("keras")).run

    return evaluate(model, [read_dataset(folder)], output, split, find_run=find_run)


def test_logits_are_those_of_the_network(frozen_model, folder):
    films = np.stack([film.pixels for film in films_of(frozen_model, folder)])[..., None]
    network = frozen_model.network()
    p = network.predict(films, verbose=0)[:, 0].astype("float64")
    run = FeatureRun(frozen_model, network)
    for twice in range(2):
        np.testing.assert_allclose(run(films)[:, 0], np.log(p / (1 - p)), atol=1e-5, err_msg=f"pass {twice}")
    np.testing.assert_allclose(run(films[[3, 3, 0]])[:, 0], run(films)[[3, 3, 0], 0], atol=1e-6)
    assert (run.computed, run.found) == (12, 12 + 3 + 12)


def test_a_second_evaluation_computes_nothing_and_a_changed_film_is_computed(frozen_model, folder, passed, tmp_path):
    first = evaluated(frozen_model, folder, tmp_path / "first")
    assert sum(passed) == 12
    assert "Backbone features: 0 films from the store, 12 computed." in first.notes
    second = evaluated(frozen_model, folder, tmp_path / "second")
    assert sum(passed) == 12
    np.testing.assert_array_equal(second.predictions["p_PNEUMONIA"], first.predictions["p_PNEUMONIA"])
    changed = folder / "NORMAL" / "person0_1.png"
    Image.fromarray(255 - np.asarray(Image.open(changed))).save(changed)
    evaluated(frozen_model, folder, tmp_path / "third")
    assert sum(passed) == 13


def test_what_the_training_stored_is_found(phantom, frozen_model, passed, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_CXR_CACHE", str(frozen_model.folder.parent / "cache"))
    found = evaluated(frozen_model, phantom, tmp_path, "train")
    assert passed == []
    assert len(found.predictions) > 20


def test_changed_weights_are_not_found(frozen_model, folder, tmp_path):
    evaluated(frozen_model, folder, tmp_path / "first")
    assert all_stored(frozen_model, films_of(frozen_model, folder))
    shutil.copytree(frozen_model.folder, tmp_path / "other")
    network = frozen_model.network()
    kernel = next(layer for layer in network.layers if isinstance(layer, keras.Model)).get_layer("second").kernel
    kernel.assign(kernel * 1.01)
    network.save(tmp_path / "other" / "model.keras")
    other = open_model(tmp_path / "other")
    assert not all_stored(other, films_of(frozen_model, folder))
    run = FeatureRun(other, other.network())
    run(np.stack([film.pixels for film in films_of(frozen_model, folder)])[..., None])
    assert (run.found, run.computed) == (0, 12)


def test_another_runtime_gives_way_only_where_all_films_are_stored(frozen_model, tiny_model, folder, tmp_path):
    def fast(films):
        return np.zeros((len(films), 1), np.float32)

    assert not all_stored(frozen_model, films_of(frozen_model, folder))
    evaluated(frozen_model, folder, tmp_path / "first")
    films = films_of(frozen_model, folder)
    assert all_stored(frozen_model, films)
    chosen = through_store(frozen_model, Choice("openvino float32", fast))
    assert (chosen.name, type(chosen.run)) == ("stored features", FeatureRun)
    film = films[0].pixels.copy()
    film[0, 0] ^= 1
    more = [*films, type(films[0])("new.png", film)]
    assert not all_stored(frozen_model, more)
    # LeNet-5 has no backbone: it stays with what was chosen.
    assert through_store(tiny_model, Choice("openvino float32", fast)).run is fast


@pytest.mark.parametrize(("option", "stored"), [([], True), (["--no-feature-cache"], False)])
def test_the_command(frozen_model, folder, tmp_path, capfd, option, stored):
    arguments = ["evaluate", str(folder), "-m", str(frozen_model.folder), "-o", str(tmp_path / "results"), *option]
    arguments.append("--no-report")
    assert main([*arguments, "--runtime", "keras"]) == 0
    assert ("12 computed" in capfd.readouterr().err) == stored
    assert main(arguments) == 0
    assert ("12 films from the store, 0 computed" in capfd.readouterr().err) == stored

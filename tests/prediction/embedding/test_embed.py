"""Embeddings as a user reads them: the files, the neighbours' scores, the films most like one."""

import shutil

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from keras_cxr.cli import main


def embedded(*arguments):
    """Run ``keras-cxr embed`` and read its files."""
    output = arguments[arguments.index("-o") + 1]
    assert main(["embed", *map(str, arguments)]) == 0
    films = pd.read_csv(output / "films.csv", dtype=str, keep_default_na=False)
    return films, np.load(output / "embeddings.npy"), pd.read_parquet(output / "embeddings.parquet")


@pytest.fixture
def clinic(write_films, tmp_path):
    films = write_films(tmp_path / "clinic", ["a/1.png", "a/2.png", "b/3.png"], seed=4)
    (films / "b" / "broken.png").write_bytes(b"no film")
    return films


def test_unlabelled_films_of_a_network_without_backbone(tiny_model, write_films, tmp_path):
    folder = write_films(tmp_path / "films", ["1.png", "2.png"], seed=4)
    (folder / "broken.png").write_bytes(b"no film")
    films, vectors, table = embedded(folder, "-m", tiny_model.folder, "-o", tmp_path / "out")
    assert list(films["image"]) == list(table["image"]) == ["1.png", "2.png", "broken.png"]
    assert list(films["error"] == "") == [True, True, False]
    assert set(films["label"]) == {""}
    assert vectors.dtype == np.float32
    network = keras.models.load_model(tiny_model.folder / "model.keras", compile=False)
    seen = np.stack([np.asarray(Image.open(folder / name)) for name in ("1.png", "2.png")])[..., None]
    expected = keras.Model(network.input, network.get_layer("logits").input).predict(seen, verbose=0)
    np.testing.assert_allclose(vectors[:2], expected, atol=1e-5)
    assert np.isnan(vectors[2]).all()
    np.testing.assert_array_equal(np.stack(table["embedding"][:2]), vectors[:2])
    assert table["embedding"][2] is None


def test_neighbours_of_a_frozen_backbone(frozen_model, phantom, tmp_path, capfd):
    arguments = (phantom, "-m", frozen_model.folder, "-o", tmp_path / "out")
    # On processors that do other work as well, the threads of t-SNE wait for each other.
    with threadpool_limits(1):
        films, vectors, _ = embedded(*arguments, "--knn", "7")
    splits = pd.read_csv(frozen_model.folder / "splits.csv", dtype=str).set_index("image")["split"]
    assert list(films["split"]) == list(splits[films["image"]])
    train, test = (films["split"] == split for split in ("train", "test"))
    sklearn = make_pipeline(StandardScaler(), KNeighborsClassifier(7)).fit(vectors[train], films["label"][train])
    predictions = pd.read_csv(tmp_path / "out" / "knn_predictions.csv")
    assert set(predictions["split"]) == {"val", "test"}
    tested = predictions[predictions["split"] == "test"]
    np.testing.assert_allclose(tested[["p_NORMAL", "p_PNEUMONIA"]], sklearn.predict_proba(vectors[test]))
    scores = pd.read_csv(tmp_path / "out" / "knn_scores.csv").set_index(["dataset", "metric"])
    accuracy = scores.loc[(f"{phantom.name} test", "accuracy")]
    assert accuracy["value"] == pytest.approx(accuracy_score(films["label"][test], sklearn.predict(vectors[test])))
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"]
    for name in ("pca.png", "pca.svg", "tsne.png", "tsne.svg"):
        assert (tmp_path / "out" / name).stat().st_size > 5000
    capfd.readouterr()
    again, same, _ = embedded(*arguments, "--knn", "auto", "--no-figures")
    said = capfd.readouterr().err
    assert f"{len(again)} films from the store, 0 computed" in said
    assert "by accuracy on" in said
    np.testing.assert_array_equal(same, vectors)
    plain = embedded(*arguments, "--no-figures", "--no-feature-cache")[1]
    np.testing.assert_allclose(plain, vectors, atol=1e-5)


def test_films_most_like_one(tiny_model, clinic, tmp_path, capfd):
    shutil.copy(clinic / "a" / "1.png", clinic / "b" / "twin.png")
    query, output = clinic / "a" / "1.png", tmp_path / "out"
    arguments = ("-m", tiny_model.folder, "-o", output, "--no-figures", "--similar-to", query, "-k", "5")
    embedded(clinic, *arguments)
    lines = [line.split() for line in capfd.readouterr().out.splitlines() if line.startswith("  ")]
    assert sorted(line[2] for line in lines) == ["clinic/a/2.png", "clinic/b/3.png"]
    assert float(lines[0][0]) <= float(lines[1][0])
    assert (output / "similar.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--knn", "0"], 2, "must be a whole number from 1, or auto"),
        (["--layer", "convv1"], 2, "Unknown layer 'convv1'"),
        (["--similar-to", "nowhere.png"], 2, "'nowhere.png' does not exist"),
        (["--knn", "7"], 1, "--knn needs training films of two classes"),
    ],
)
def test_mistakes(tiny_model, clinic, tmp_path, capfd, arguments, code, said):
    common = [str(clinic), "-m", str(tiny_model.folder), "-o", str(tmp_path / "out"), "--no-figures"]
    assert main(["embed", *common, *arguments]) == code
    assert said in capfd.readouterr().err

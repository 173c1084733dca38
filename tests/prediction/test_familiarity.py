"""What a training keeps to tell strange films by, that it does, and the column that predict makes of it."""

import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.preprocessing import FunctionTransformer

from keras_cxr.cli import main
from keras_cxr.data.geometry import to_canvas
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import read_splits
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.pixel_statistics import pixel_statistics
from keras_cxr.models.embedding import default_layer, embedding
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.familiarity import FILE, read_familiarity, with_familiarity
from keras_cxr.prediction.predict import predict
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.serving.material import stored_material
from keras_cxr.prediction.serving.optimize import write_runtimes

SIDE = 400


def page():
    """Black text on white."""
    picture = np.full((SIDE, SIDE), 245, np.uint8)
    for row, top in enumerate(range(30, SIDE, 24)):
        text = "seen today with cough and fever for three days"[row % 7 :]
        cv2.putText(picture, text, (15, top), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 20, 1, cv2.LINE_AA)
    return picture


def hand():
    """Bones in soft tissue, as on a film of a hand."""
    picture = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(picture, (200, 270), (75, 90), 0, 0, 360, 120, -1)
    for number, angle in enumerate(np.deg2rad([-28, -9, 9, 28])):
        root = np.array([140 + 38 * number, 230.0])
        tip = root + 160 * np.array([np.sin(angle), -np.cos(angle)])
        cv2.line(picture, root.astype(int).tolist(), tip.astype(int).tolist(), 110, 30)
        for begin, end in ((0.0, 0.4), (0.45, 0.7), (0.75, 0.95)):
            ends = [(root + share * (tip - root)).astype(int).tolist() for share in (begin, end)]
            cv2.line(picture, *ends, 215, 13)
    return cv2.GaussianBlur(picture, (0, 0), 2).astype(np.uint8)


def dog():
    """An animal before a wall."""
    picture = np.tile(np.linspace(200, 120, SIDE, dtype=np.float32)[:, None], (1, SIDE))
    cv2.ellipse(picture, (200, 230), (105, 52), 0, 0, 360, 70, -1)
    cv2.circle(picture, (305, 170), 44, 70, -1)
    cv2.ellipse(picture, (345, 182), (28, 17), 0, 0, 360, 85, -1)
    for place in (130, 160, 245, 272):
        cv2.line(picture, (place, 255), (place, 345), 60, 19)
    fur = np.random.default_rng(0).normal(0, 60, picture.shape)
    return (picture + cv2.GaussianBlur(fur, (0, 0), 2)).clip(0, 255).astype(np.uint8)


def noise():
    """Every gray level alike."""
    return np.random.default_rng(0).integers(0, 256, (SIDE, SIDE), dtype=np.uint8)


def gradient():
    """Soft shades, as of a photograph out of focus."""
    shades = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 1, (SIDE, SIDE)), (0, 0), 60)
    return ((shades - shades.min()) / np.ptp(shades) * 255).astype(np.uint8)


def blank():
    """One gray."""
    return np.full((SIDE, SIDE), 128, np.uint8)


ODD = (page, hand, dog, noise, gradient, blank)


def _canvases(model, paths):
    preprocessing = Preprocessing(**model.card.preprocessing)
    return np.stack([to_canvas(decode(read_bytes(path))[0], preprocessing) for path in paths])[..., None]


def _distance(training):
    """A function to the distance from training vectors, by scikit-learn: in components, and of what these leave out."""
    scale = training.std(axis=0)
    scale[scale < 1e-6 * scale.max()] = np.median(scale[scale >= 1e-6 * scale.max()])
    scaler = FunctionTransformer(lambda vectors: (vectors - training.mean(axis=0)) / scale)
    pca = PCA(min(64, len(training) // 10, training.shape[1]), svd_solver="full").fit(scaler.transform(training))
    inner = EmpiricalCovariance(assume_centered=True).fit(pca.transform(scaler.transform(training)))

    def parts(vectors):
        inside = pca.transform(scaler.transform(vectors))
        rest = np.linalg.norm(scaler.transform(vectors) - pca.inverse_transform(inside), axis=1)
        return inner.mahalanobis(inside), rest

    rest = parts(training)[1]

    def distance(vectors):
        inside, outside = parts(vectors)
        return np.sqrt(inside + ((outside - rest.mean()) / max(rest.std(), 1e-4)) ** 2)

    return distance


def _unfamiliarity(model, films):
    """Of canvases, from Keras's features and the pixel statistics."""
    network, splits = model.network(), read_splits(model.folder / "splits.csv")
    run, folder = embedding(network, default_layer(network)), model.card.data["folder"]
    images = {split: splits["image"][splits["split"] == split] for split in ("train", "val")}
    training, validation = (_canvases(model, [f"{folder}/{image}" for image in own]) for own in images.values())
    found = []
    for numbers in (
        lambda films: run(films)[0].astype(float),
        lambda films: np.stack([*map(pixel_statistics, films[..., 0])]),
    ):
        distance = _distance(numbers(training))
        unit = np.quantile(distance(numbers(validation)), 0.95, method="higher")
        found.append([distance(numbers(one)) / unit for one in (validation, films)])
    validation, asked = (np.maximum(*both) for both in zip(*found, strict=True))
    return asked / np.quantile(validation, 0.95, method="higher")


def test_nothing_of_a_single_film_is_kept(usual_model):
    with np.load(usual_model.folder / FILE) as content:
        kept = {
            f"{part}_{name}"
            for part in ("features", "pictures")
            for name in ("mean", "scale", "components", "variances", "residual", "unit")
        }
        assert set(content) == {"layer", *kept}
    assert (usual_model.folder / FILE).stat().st_size < 30_000


def test_too_few_films_to_say_what_is_usual(tiny_model):
    assert read_familiarity(tiny_model) is None


def test_what_is_no_film_is_far_above_1(usual_model):
    films = np.stack([to_canvas(draw(), Preprocessing(**usual_model.card.preprocessing)) for draw in ODD])[..., None]
    choice, _ = with_familiarity(usual_model, Choice("keras"))
    found = choice.run.with_unfamiliarity(films)[1]
    told = dict(zip([draw.__name__ for draw in ODD], found.round(2), strict=True))
    assert (found > 1.5).all(), told


@pytest.fixture
def copied(usual_model, tmp_path):
    """A copy of the model that may be written to."""
    shutil.copytree(usual_model.folder, tmp_path / "model")
    return open_model(tmp_path / "model")


@pytest.fixture(scope="module")
def some_films(write_films, tmp_path_factory):
    folder = write_films(tmp_path_factory.mktemp("some"), ["1.png", "2.png", "3.png"])
    (folder / "4.png").write_bytes(b"no film")
    return folder


def test_column_of_predict(usual_model, some_films, tmp_path):
    predict(usual_model, some_films, tmp_path / "preds.csv")
    table = pd.read_csv(tmp_path / "preds.csv")
    assert list(table.columns[-2:]) == ["unfamiliarity", "error"]
    expected = _unfamiliarity(
        usual_model, _canvases(usual_model, [some_films / f"{number}.png" for number in (1, 2, 3)])
    )
    np.testing.assert_allclose(table["unfamiliarity"][:3], expected, rtol=0.01)
    assert np.isnan(table["unfamiliarity"][3])


def test_an_older_model_has_no_column(copied, some_films, tmp_path):
    (copied.folder / FILE).unlink()
    predict(copied, some_films, tmp_path / "preds.csv")
    assert "unfamiliarity" not in pd.read_csv(tmp_path / "preds.csv")


@pytest.mark.parametrize("content", [b"", b"PK", b"no array"])
def test_a_damaged_file_is_told(copied, content):
    (copied.folder / FILE).write_bytes(content)
    with pytest.raises(CxrError, match=r"familiarity.npz' is damaged .*delete it to do without"):
        with_familiarity(copied, Choice("keras"))


def test_another_networks_file_is_told(usual_model):
    familiarity = read_familiarity(usual_model)
    with pytest.raises(CxrError, match=r"features, not 7: it belongs to another model. Delete it"):
        familiarity.of(np.ones((2, 7)), np.zeros((2, 64, 64, 1), np.uint8))


@pytest.mark.parametrize("before", [True, False])
def test_resume_keeps_the_columns_that_are_there(copied, some_films, tmp_path, before):
    kept, file = copied.folder / FILE, tmp_path / "preds.csv"
    if not before:
        kept.rename(tmp_path / FILE)
    predict(copied, some_films / "1.png", file)
    if before:
        kept.unlink()
    else:
        (tmp_path / FILE).rename(kept)
    summary = predict(copied, some_films, file, resume=True)
    table = pd.read_csv(file)
    assert ("unfamiliarity" in table) == before
    assert list(table["image"]) == [f"{number}.png" for number in (1, 2, 3, 4)]
    assert ["'unfamiliarity'" in note for note in summary.notes] == [True]
    if before:
        assert table["unfamiliarity"].notna().tolist() == [True, False, False, False]


def test_runtimes(copied, some_films, tmp_path, capfd):
    pytest.importorskip("openvino")
    write_runtimes(copied, [("openvino", "float32")], stored_material(copied))
    found = {}
    for runtime in ("keras", "openvino"):
        file = tmp_path / f"{runtime}.csv"
        told = ["predict", str(some_films), "-m", str(copied.folder), "-o", str(file), "--runtime", runtime]
        assert main(told) == 0, capfd.readouterr().err
        found[runtime] = pd.read_csv(file)["unfamiliarity"]
    np.testing.assert_allclose(found["openvino"], found["keras"], rtol=1e-3)


def test_a_runtime_without_features_is_told(copied):
    choice, note = with_familiarity(copied, Choice("onnx float32", run=lambda films: films))
    assert "the runtime onnx float32 gives no features" in note
    assert choice.name == "onnx float32"
    assert not hasattr(choice.run, "with_unfamiliarity")

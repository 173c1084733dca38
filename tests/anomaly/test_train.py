import dataclasses
import json

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from keras_cxr.anomaly import train as module
from keras_cxr.anomaly.card import open_anomaly_model
from keras_cxr.anomaly.fit import squared_error
from keras_cxr.anomaly.prepare import prepare
from keras_cxr.anomaly.settings import AnomalySettings
from keras_cxr.anomaly.train import train_anomaly
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.models.autoencoder import build_autoencoder
from keras_cxr.models.saved_model import finished_models, open_model
from keras_cxr.training.monitor import Monitor

FILES = {"model.keras", "card.json", "splits.csv", "scores.csv", "test_films.csv", "history.csv"}


def test_the_folder_is_the_record(autoencoder_model):
    names = {path.relative_to(autoencoder_model).as_posix() for path in autoencoder_model.rglob("*") if path.is_file()}
    assert names == FILES | {"figures/scores.png", "figures/learning_curves.png"}
    card = json.loads((autoencoder_model / "card.json").read_text())
    assert [card[key] for key in ("kind", "method", "normal", "features")] == ["anomaly", "autoencoder", "NORMAL", None]
    assert set(card["data"]["films"]["train"]) == set(card["data"]["films"]["val"]) == {"NORMAL"}
    assert set(card["data"]["films"]["test"]) == {"NORMAL", "SICK"}
    history = pd.read_csv(autoencoder_model / "history.csv")
    assert card["training"]["best_epoch"] == history.loc[history["val_loss"].idxmin(), "epoch"]
    splits = pd.read_csv(autoencoder_model / "splits.csv")
    assert (splits.groupby("patient")["split"].nunique() == 1).all()
    assert (splits.loc[splits["split"] != "test", "label"] == "NORMAL").all()


def test_scores_are_those_of_the_test_films(autoencoder_model):
    films, card = pd.read_csv(autoencoder_model / "test_films.csv"), open_anomaly_model(autoencoder_model).card
    scores = pd.read_csv(autoencoder_model / "scores.csv").set_index("metric")
    assert scores.loc["AUROC", "value"] == pytest.approx(roc_auc_score(films["truth"] == "SICK", films["score"]))
    assert scores.loc["AUROC", "value"] > 0.9
    odd = films["score"] > card.threshold
    assert list(odd) == list(films["anomaly"] == "anomalous")
    assert scores.loc["sensitivity", "value"] == pytest.approx(odd[films["truth"] == "SICK"].mean())


def test_the_network_is_plain_keras_and_its_error_the_score(autoencoder_model, odd_films):
    import cv2

    network = keras.models.load_model(autoencoder_model / "model.keras", compile=False)
    film = pd.read_csv(autoencoder_model / "test_films.csv").iloc[0]
    gray = cv2.imread(str(odd_films / film["image"]), 0)[None, ..., None].astype("float32")
    drawn = network.predict(gray, verbose=0)
    assert film["score"] == pytest.approx(np.mean((drawn - gray) ** 2) / 255**2, rel=1e-4)
    assert float(squared_error(gray, drawn)[0]) == pytest.approx(film["score"], rel=1e-4)


def test_the_same_seed_gives_the_same_scores(autoencoder_model, odd_films, tmp_path):
    settings = AnomalySettings(size=32, latent=4, epochs=8, batch_size=8, shares=(0.4, 0.3, 0.3))
    train_anomaly(read_dataset(odd_films), tmp_path / "again", settings)
    first, second = (pd.read_csv(folder / "test_films.csv") for folder in (autoencoder_model, tmp_path / "again"))
    pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize("side", [32, 64, 128])
def test_the_autoencoder_draws_what_it_sees_in_its_size(side):
    network = build_autoencoder(side, latent=3)
    assert network.output_shape == network.input_shape == (None, side, side, 1)
    assert network.get_layer("latent").output.shape == (None, 3)


@pytest.mark.parametrize("method", ["neighbours", "mahalanobis"])
def test_features_of_a_saved_model_on_the_data_it_was_trained_on(method, tiny_model, phantom, tmp_path):
    from keras_cxr.anomaly.features import OWN, ModelFeatures

    settings = AnomalySettings(method=method, false_alarms=0.4)
    features, dataset = ModelFeatures(tiny_model), read_dataset(phantom)
    said = []
    monitor = Monitor()
    monitor.note = said.append
    scores = train_anomaly(dataset, tmp_path / method, settings, features=features, model=tiny_model, monitor=monitor)
    assert any("its splits are taken" in line for line in said)
    own = pd.read_csv(tiny_model.folder / "splits.csv").set_index("image")["split"]
    splits = pd.read_csv(tmp_path / method / "splits.csv").set_index("image")["split"]
    assert (own[splits.index] == splits).all()
    assert "AUROC" in set(scores["metric"])
    card = open_anomaly_model(tmp_path / method).card
    assert card.features["frozen"] is False
    assert "all of" in card.features["trained_on"]
    assert open_model(tmp_path / method / OWN).card.name == tiny_model.card.name
    assert finished_models(tmp_path) == []


def test_a_backbone_needs_no_saved_model(odd_films, tmp_path):
    from keras_cxr.anomaly.features import backbone_features
    from keras_cxr.anomaly.score import load_detector

    features = backbone_features("resnet18", "none", size=32)
    settings = AnomalySettings(method="neighbours", shares=(0.4, 0.3, 0.3))
    train_anomaly(read_dataset(odd_films), tmp_path / "model", settings, features=features)
    again = load_detector(open_anomaly_model(tmp_path / "model"))
    films = np.random.default_rng(0).integers(0, 255, (2, 32, 32, 1), np.uint8)
    with np.load(tmp_path / "model" / "reference.npz") as content:
        assert content["vectors"].dtype == np.float16
        wanted = np.sort(np.linalg.norm(features(films)[:, None] - content["vectors"].astype("f4"), axis=2))[:, :2]
    np.testing.assert_allclose(again.scores(films, []), wanted.mean(axis=1), rtol=1e-3)


def test_an_ensemble_has_no_features_of_its_own(tiny_model):
    from keras_cxr.anomaly.features import ModelFeatures

    card = dataclasses.replace(tiny_model.card, training={"members": ["fold-1", "fold-2"]})
    with pytest.raises(UsageError, match=r"is an ensemble.*fold-1"):
        ModelFeatures(dataclasses.replace(tiny_model, card=card))


def test_faults(odd_films, autoencoder_model, tmp_path):
    dataset = read_dataset(odd_films)
    with pytest.raises(CxrError, match="holds a finished model"):
        train_anomaly(dataset, autoencoder_model)
    with pytest.raises(CxrError, match=r"val split has \d+ films of 'SICK'; 19 or more are needed for a false-alarm"):
        train_anomaly(dataset, tmp_path / "new", normal="sick")
    with pytest.raises(UsageError, match=r"must be one of 32, 64, 128, 256. Received: 100"):
        build_autoencoder(100)
    with pytest.raises(CxrError, match="No anomaly model in"):
        open_anomaly_model(tmp_path)
    with pytest.raises(CxrError, match="kind 'anomaly'; expected 'classifier'"):
        open_model(autoencoder_model)


def test_a_training_broken_off_while_it_writes_leaves_nothing(odd_films, tmp_path, monkeypatch):
    def broken(*arguments):
        raise KeyboardInterrupt

    class MeanLevel:
        preprocessing, masks, origin = Preprocessing(16), None, {}

        def __call__(self, films):
            return films.mean(axis=(1, 2)).astype("float32")

        def save(self, folder):
            (folder / "features").touch()

    settings = AnomalySettings(method="neighbours", shares=(0.4, 0.3, 0.3))
    monkeypatch.setattr(module, "write_card", broken)
    with pytest.raises(KeyboardInterrupt):
        train_anomaly(read_dataset(odd_films), tmp_path / "new", settings, features=MeanLevel())
    assert list(tmp_path.iterdir()) == []


def test_films_that_cannot_be_read_cost_themselves(odd_films, tmp_path):
    import shutil

    films = tmp_path / "films"
    shutil.copytree(odd_films, films)
    for film in sorted((films / "NORMAL").iterdir())[:2]:
        film.write_bytes(b"no picture")
    data = prepare(read_dataset(films), "NORMAL", Preprocessing(16), AnomalySettings(shares=(0.4, 0.3, 0.3)), Monitor())
    assert any("cannot be read" in note for note in data.dataset.notes)
    assert len(data.pixels) == len(data.dataset.table)

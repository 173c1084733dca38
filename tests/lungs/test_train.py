import json
import shutil

import cv2
import keras
import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.segmentation import METRICS, dice
from keras_cxr.lungs.find import LungFinder
from keras_cxr.lungs.fit import dice_and_cross_entropy, fit
from keras_cxr.lungs.pairs import find_pairs
from keras_cxr.lungs.prepare import prepare
from keras_cxr.lungs.settings import LungSettings
from keras_cxr.lungs.train import train_lungs
from keras_cxr.models.unet import build_unet

TINY = LungSettings(size=32, filters=4, epochs=2, batch_size=16)


def test_the_folder(lung_model):
    names = {path.relative_to(lung_model).as_posix() for path in lung_model.rglob("*") if path.is_file()}
    figures = {"figures/learning_curves.png", "figures/test_films.png"}
    assert names == {"model.keras", "card.json", "splits.csv", "history.csv", "scores.csv"} | figures
    card = json.loads((lung_model / "card.json").read_text())
    assert (card["kind"], card["preprocessing"]["size"]) == ("lungs", 64)
    assert 0 < card["threshold"] < 1
    assert len(card["data"]["fingerprint"]) == 64
    history = pd.read_csv(lung_model / "history.csv")
    assert len(history) == 8
    assert card["training"]["best_epoch"] == history.loc[history["val_dice"].idxmax(), "epoch"]


def test_no_patient_crosses_the_splits(lung_model, phantom):
    splits = pd.read_csv(lung_model / "splits.csv")
    assert set(splits["split"]) == {"train", "val", "test"}
    assert (splits.groupby("patient")["split"].nunique() == 1).all()
    assert all((phantom / "known_images" / name).is_file() for name in splits["image"])


def test_scores_are_those_of_the_finished_masks(lung_model, phantom, finder):
    scores = pd.read_csv(lung_model / "scores.csv").set_index("metric")
    splits = pd.read_csv(lung_model / "splits.csv")
    test = splits[splits["split"] == "test"]
    values = []
    for name in test["image"]:
        film = cv2.imread(str(phantom / "known_images" / name), cv2.IMREAD_GRAYSCALE)
        truth = cv2.imread(str(phantom / "masks" / name.split("/")[-1]), cv2.IMREAD_GRAYSCALE)
        values.append(dice(truth, finder.mask(film)[0]))
    assert list(scores.index) == list(METRICS)
    assert scores.loc["Dice", "value"] == pytest.approx(np.mean(values), abs=1e-3)
    assert scores.loc["Dice", "low"] < scores.loc["Dice", "value"] < scores.loc["Dice", "high"]
    assert scores.loc["Dice", "value"] > 0.85
    assert (scores["n"] == len(test)).all()


def test_the_same_seed_gives_the_same_weights(phantom):
    data = prepare(find_pairs(phantom / "known_images", phantom / "masks"), Preprocessing(TINY.size), TINY.seed)
    trained = []
    for _ in range(2):
        keras.utils.set_random_seed(TINY.seed)
        network = build_unet(TINY.size, TINY.filters)
        history = fit(network, data, TINY, lambda row, total: None)
        trained.append((network.get_weights(), [row["loss"] for row in history]))
    assert trained[0][1] == trained[1][1]
    for first, second in zip(trained[0][0], trained[1][0], strict=True):
        np.testing.assert_array_equal(first, second)


def test_loss_against_the_formula():
    rng = np.random.default_rng(0)
    truth, logits = rng.random((3, 8, 8, 1)).astype("float32"), rng.normal(0, 2, (3, 8, 8, 1)).astype("float32")
    p, axes = expit(logits.astype(float)), (1, 2, 3)
    overlap = (2 * (truth * p).sum(axes) + 1) / (truth.sum(axes) + p.sum(axes) + 1)
    entropy = -(truth * np.log(p) + (1 - truth) * np.log(1 - p)).mean(axes)
    np.testing.assert_allclose(dice_and_cross_entropy(truth, logits), 1 - overlap + entropy, rtol=1e-5)


def test_films_and_masks_that_cannot_be_read_are_named(phantom, tmp_path):
    shutil.copytree(phantom / "known_images", tmp_path / "films")
    shutil.copytree(phantom / "masks", tmp_path / "masks")
    films = sorted((tmp_path / "films").rglob("*.png"))
    films[0].write_bytes(b"no picture")
    (tmp_path / "masks" / films[1].name).write_bytes(b"")
    data = prepare(find_pairs(tmp_path / "films", tmp_path / "masks"), Preprocessing(32), seed=0)
    assert [note.partition(" ")[0] for note in data.dataset.notes] == ["1", "1"]
    assert films[0].name in data.dataset.notes[0]
    assert films[1].name in data.dataset.notes[1]
    assert len(data.dataset.table) == len(data.films) == len(data.masks) == len(films) - 2
    for row, mask in zip(data.dataset.table.itertuples(), data.masks, strict=True):
        wanted = cv2.resize(cv2.imread(row.mask, 0), (32, 32), interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(mask, wanted)


def test_faults(phantom, lung_model, tmp_path):
    pairs = find_pairs(phantom / "known_images", phantom / "masks")
    with pytest.raises(CxrError, match="holds a finished model"):
        train_lungs(pairs, lung_model)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with pytest.raises(CxrError, match="not empty"):
        train_lungs(pairs, tmp_path / "taken")
    with pytest.raises(UsageError, match="multiple of 16"):
        train_lungs(pairs, tmp_path / "new", LungSettings(size=100))
    pairs.table = pairs.table[pairs.table["patient"] == pairs.table["patient"].iloc[0]].copy()
    with pytest.raises(CxrError, match="Too few films for a split by patient"):
        train_lungs(pairs, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "Train one with 'keras-cxr lungs train"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ('{"card_version": 1}', "kind 'classifier'; expected 'lungs'"),
        ('{"card_version": 99, "kind": "lungs"}', "Upgrade keras-cxr"),
    ],
)
def test_folders_that_hold_no_lung_model(tmp_path, content, said):
    if content:
        (tmp_path / "card.json").write_text(content)
    with pytest.raises(CxrError, match=said):
        LungFinder(tmp_path)

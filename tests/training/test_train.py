"""What a training leaves behind, and what it refuses."""

import json
import os
import shutil

import keras
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from trainings import TINY, Killed, KilledIn, network_of, trained

from keras_cxr.data.fingerprints import content_hashes
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.table import score_records
from keras_cxr.prediction.evaluate import evaluate
from keras_cxr.training.monitor import Monitor

FILES = {"model.keras", "card.json", "MODEL_CARD.md", "recipe.yaml", "splits.csv", "history.csv", "figures"}


def strict_json(file):
    def no_constant(name):
        raise ValueError(f"{name} is no JSON")

    return json.loads(file.read_text(encoding="utf-8"), parse_constant=no_constant)


def test_folder(tiny_model, phantom):
    folder = tiny_model.folder
    assert {file.name for file in folder.iterdir()} == FILES
    with Image.open(folder / "figures" / "learning_curves.png") as figure:
        assert min(figure.size) > 200
    assert yaml.safe_load((folder / "recipe.yaml").read_text())["architecture"] == "lenet5"
    history = pd.read_csv(folder / "history.csv")
    assert list(history["epoch"]) == [1, 2]
    assert history.notna().all(axis=None)
    network = network_of(folder)
    assert network.input_shape == (None, 64, 64, 1)
    assert getattr(network, "optimizer", None) is None


def test_splits(tiny_model, phantom):
    splits = pd.read_csv(tiny_model.folder / "splits.csv", dtype=str, keep_default_na=False)
    truth = pd.read_csv(phantom / "labels.csv", dtype=str).set_index("image")
    assert list(splits.columns) == ["image", "label", "patient", "split", "sha256"]
    assert sorted(splits["image"]) == sorted(truth.index)
    assert list(splits["label"]) == list(truth.loc[splits["image"], "label"])
    assert splits.groupby("patient")["split"].nunique().max() == 1
    assert set(splits["split"]) == {"train", "val", "test"}
    assert list(splits["sha256"]) == content_hashes(phantom / name for name in splits["image"])


def test_card(tiny_model, phantom):
    card = strict_json(tiny_model.folder / "card.json")
    splits = pd.read_csv(tiny_model.folder / "splits.csv", dtype=str)
    assert card["classes"] == ["NORMAL", "PNEUMONIA"]
    assert 0 < card["threshold"] < 1
    assert card["temperature"] > 0
    assert card["preprocessing"]["size"] == 64
    assert card["data"]["folder"] == str(phantom)
    assert card["data"]["patients"] == splits["patient"].nunique() == 24
    counts = splits.groupby("split")["label"].value_counts()
    assert {(split, label): n for split, own in card["data"]["films"].items() for label, n in own.items()} == dict(
        counts
    )
    assert {row["n"] for row in card["scores"]} == {int((splits["split"] == "val").sum())}
    assert card["versions"]["keras"] == keras.__version__
    history = pd.read_csv(tiny_model.folder / "history.csv")
    best = history.sort_values(["val_auroc", "val_loss"], ascending=[False, True]).iloc[0]
    assert card["training"]["best_epoch"] == best["epoch"]
    auroc = next(row["value"] for row in card["scores"] if row["metric"] == "AUROC")
    assert auroc == pytest.approx(best["val_auroc"])


def test_scores_that_are_not_defined_are_null():
    table = pd.DataFrame(
        {"metric": ["a", "b"], "value": [np.nan, np.inf], "low": [0.5, -np.inf], "high": [0.5, 1.0], "n": [3, 4]}
    )
    records = json.loads(json.dumps(score_records(table, "metric"), allow_nan=False))
    assert records == [
        {"metric": "a", "value": None, "low": 0.5, "high": 0.5, "n": 3},
        {"metric": "b", "value": None, "low": None, "high": 1.0, "n": 4},
    ]


def test_three_classes(three_classes, tmp_path):
    model = trained(three_classes, tmp_path / "m", epochs=1)
    card = strict_json(tmp_path / "m" / "card.json")
    assert card["classes"] == ["BACTERIA", "NORMAL", "VIRUS"]
    assert card["threshold"] is None
    network = network_of(model.folder)
    assert network.output_shape == (None, 3)
    assert np.allclose(network(np.random.default_rng(0).uniform(0, 255, (2, 32, 32, 1))).numpy().sum(axis=1), 1)


def test_monitor_is_told(phantom, tmp_path):
    told = []

    class Tells(Monitor):
        def start(self, what, steps):
            told.append([what, steps, 0])

        def advance(self, steps=1):
            told[-1][2] += steps

        def epoch(self, row, total):
            told.append(f"{row['epoch']} of {total}")

        def data(self, counts, sizes, weights):
            told.append(sizes)
            assert counts.loc["all", "films"] == counts.drop(index="all")["films"].sum()

    trained(phantom, tmp_path / "m", monitor=Tells())
    films = len(pd.read_csv(phantom / "labels.csv"))
    assert told[0] == ["Reading films", films, films]
    assert [one for one in told if isinstance(one, str)][1:] == ["1 of 2", "2 of 2"]
    assert all(steps == done for _, steps, done in (one for one in told if isinstance(one, list)))


def unreadable_film(folder):
    (folder / "known_images" / "NORMAL" / "broken.png").write_bytes(b"no film")
    with open(folder / "labels.csv", "a", encoding="utf-8") as labels:
        labels.write("known_images/NORMAL/broken.png,NORMAL,a99999,5,F,frontal\n")


def test_unreadable_film_is_noted(phantom, tmp_path):
    shutil.copytree(phantom, tmp_path / "films")
    unreadable_film(tmp_path / "films")
    model = trained(tmp_path / "films", tmp_path / "m", epochs=1)
    assert any("1 of" in note and "broken.png" in note for note in model.card.data["notes"])


def test_names_that_are_no_unicode(three_classes, tmp_path):
    shutil.copytree(three_classes, tmp_path / "films")
    film = next((tmp_path / "films" / "VIRUS").iterdir())
    film.rename(film.with_name(os.fsdecode(b"latin1-\xe9.png")))
    with pytest.raises(Killed):
        trained(tmp_path / "films", tmp_path / "m", monitor=KilledIn(2))
    model = trained(tmp_path / "films", tmp_path / "m", resume=True)
    evaluation = evaluate(model, [read_dataset(tmp_path / "films")], tmp_path / "results", split="all")
    assert len(evaluation.predictions) == 48


@pytest.mark.parametrize(
    ("changes", "kind", "told"),
    [
        ({"architecture": "lenet"}, UsageError, "Did you mean 'lenet5'?"),
        ({"precision": "half"}, UsageError, "Received: half"),
        ({"size": 8}, UsageError, "Received: 8"),
        ({"weights": "nowhere.h5"}, UsageError, "nowhere.h5"),
        ({"unfreeze": "c3"}, UsageError, "has none"),
        ({"positive": "SICK"}, CxrError, "Received: SICK"),
    ],
)
def test_what_cannot_be_meant_leaves_no_folder(phantom, tmp_path, changes, kind, told):
    with pytest.raises(kind) as fault:
        trained(phantom, tmp_path / "m", **changes)
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)
    assert not (tmp_path / "m").exists()
    assert keras.config.dtype_policy().name == "float32"


def test_finished_model_is_not_written_over(tiny_model, phantom):
    before = (tiny_model.folder / "model.keras").read_bytes()
    for resume in (False, True):
        with pytest.raises(CxrError, match="finished model"):
            trained(phantom, tiny_model.folder, resume=resume)
    assert (tiny_model.folder / "model.keras").read_bytes() == before


def test_other_folders_and_files_are_not_written_over(phantom, tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "text.tex").write_text("All of it.")
    (tmp_path / "file").write_text("A file.")
    for name in ("thesis", "file"):
        with pytest.raises(CxrError, match="no model of this program"):
            trained(phantom, tmp_path / name, TINY)
    assert (tmp_path / "file").read_text() == "A file."


def test_empty_folder_will_do(phantom, tmp_path):
    (tmp_path / "m").mkdir()
    assert trained(phantom, tmp_path / "m", epochs=1).folder == tmp_path / "m"

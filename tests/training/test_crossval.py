"""Cross-validation through the command line, and again after a kill."""

import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from trainings import TINY, Killed, KilledIn, network_of, same_weights

from keras_cxr.cli import main
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.models.saved_model import open_model
from keras_cxr.training.crossval import cross_validate

K = 3
OPTIONS = ["-a", "lenet5", "--size", "32", "--epochs", "1", "--learning-rate", "3e-3", "--batch-size", "16"]


@pytest.fixture(scope="module")
def films(phantom, tmp_path_factory):
    """The phantom's films, one of them under two names, one that is empty, and a test split of the data set's own."""
    folder = tmp_path_factory.mktemp("films")
    shutil.copytree(phantom / "known_images", folder / "train")
    for name in ("NORMAL", "PNEUMONIA"):
        own = folder / "train" / name
        first, *_, last = sorted(own.glob("*.png"))
        shutil.copy(first, own / f"copy-of-{name}.png")
        (folder / "test" / name).mkdir(parents=True)
        for film in own.glob(f"{last.stem.partition('_')[0]}_*.png"):
            shutil.move(film, folder / "test" / name)
    (folder / "train" / "NORMAL" / "empty.png").touch()
    return folder


@pytest.fixture(scope="module")
def model(films, tmp_path_factory):
    output = tmp_path_factory.mktemp("models")
    arguments = ["crossval", str(films), "-k", str(K), *OPTIONS, "--output", str(output), "--name", "cv"]
    assert main(arguments) == 0
    return output / "cv"


def test_the_ensemble_has_the_faster_runtime(model):
    assert (model / "runtimes" / "openvino.xml").is_file()
    assert not (model / "fold-1" / "runtimes").exists()


def test_each_film_is_predicted_once_by_a_network_that_has_not_seen_its_patient(films, model):
    predictions = pd.read_csv(model / "predictions.csv", keep_default_na=False)
    everything = sorted(path.relative_to(films).as_posix() for path in (films / "train").rglob("*.png"))
    assert sorted([*predictions["image"], "train/NORMAL/empty.png"]) == everything
    seen = pd.read_csv(model / "splits.csv", dtype=str, keep_default_na=False)
    assert set(seen["image"][seen["split"] == "train"]) == set(predictions["image"])
    assert all(image.startswith("test/") for image in seen["image"][seen["split"] == "test"])
    for fold in range(1, K + 1):
        own = pd.read_csv(model / f"fold-{fold}" / "splits.csv")
        assert set(own["split"]) == {"train", "val", "test"}
        assert set(own["image"]) == set(predictions["image"])
        assert set(own["image"][own["split"] == "test"]) == set(predictions["image"][predictions["fold"] == fold])
        assert (own.groupby("patient")["split"].nunique() == 1).all()
        assert (own.groupby("sha256")["split"].nunique() == 1).all()
    for key in ("patient", "sha256"):
        films_of = seen[(seen["split"] == "train") & (seen[key] != "")].groupby(key)["fold"]
        assert films_of.size().max() > 1
        assert films_of.nunique().max() == 1


def test_scores_are_of_the_out_of_fold_predictions(model):
    from sklearn.metrics import roc_auc_score

    predictions = pd.read_csv(model / "predictions.csv", keep_default_na=False)
    scores = pd.read_csv(model / "scores.csv")
    auroc = scores[scores["metric"] == "AUROC"].set_index("dataset")["value"]
    folds = [f"fold-{fold}" for fold in range(1, K + 1)]
    assert list(auroc.index) == ["out of fold", f"mean of {K} folds", *folds]
    assert auroc["out of fold"] == pytest.approx(roc_auc_score(predictions["truth"], predictions["p_PNEUMONIA"]))
    for fold, part in predictions.groupby("fold"):
        assert auroc[f"fold-{fold}"] == pytest.approx(roc_auc_score(part["truth"], part["p_PNEUMONIA"]))
    assert auroc.iloc[1] == pytest.approx(auroc[folds].mean())
    card = json.loads((model / "card.json").read_text())
    assert card["scores"][0]["dataset"] == "out of fold"
    assert card["scores"][0]["value"] == auroc["out of fold"]
    assert card["training"]["members"] == folds


def test_the_ensemble_is_a_saved_model(films, model, phantom, tmp_path, capfd):
    assert main(["predict", str(phantom / "unknown_images"), "-m", str(model), "-o", str(tmp_path / "p.csv")]) == 0
    together = pd.read_csv(tmp_path / "p.csv")
    parts = []
    for fold in range(1, K + 1):
        file = tmp_path / f"{fold}.csv"
        own = ["-m", str(model / f"fold-{fold}"), "-o", str(file)]
        assert main(["predict", str(phantom / "unknown_images"), *own]) == 0
        parts.append(pd.read_csv(file)["p_PNEUMONIA"])
    assert np.allclose(together["p_PNEUMONIA"], np.mean(parts, axis=0), atol=1e-6)
    threshold = open_model(model).card.threshold
    assert list(together["label"] == "PNEUMONIA") == list(together["p_PNEUMONIA"] >= threshold)
    assert main(["evaluate", str(films), "-m", str(model), "-o", str(tmp_path / "r"), "--no-report"]) == 0
    assert "its test split is scored" in capfd.readouterr().err
    scored = pd.read_csv(tmp_path / "r" / "predictions.csv")
    assert all(image.startswith("test/") for image in scored["image"])


def test_same_after_a_kill(films, model, tmp_path):
    recipe, folder = dataclasses.replace(TINY, epochs=1), tmp_path / "cv"
    begun = ["recipe.yaml", "splits.csv", "fold-1"]
    shutil.copytree(model, folder, ignore=lambda of, names: set(names) - set(begun) if of == str(model) else [])
    with pytest.raises(Killed):
        cross_validate(read_dataset(films), recipe, folder, K, KilledIn(1), resume=True)
    assert (folder / "fold-2" / "recipe.yaml").is_file()
    finished = (folder / "fold-1" / "card.json").read_bytes()
    with pytest.raises(CxrError, match=r"unfinished training.*--resume"):
        cross_validate(read_dataset(films), recipe, folder, K)
    with pytest.raises(CxrError, match="the number of folds, have changed"):
        cross_validate(read_dataset(films), recipe, folder, K + 1, resume=True)
    with pytest.raises(UsageError, match="seed: 0 → 1"):
        cross_validate(read_dataset(films), dataclasses.replace(recipe, seed=1), folder, K, resume=True)
    cross_validate(read_dataset(films), recipe, folder, K, resume=True, runtimes=False)
    assert (folder / "fold-1" / "card.json").read_bytes() == finished
    for name in ("predictions.csv", "scores.csv", "splits.csv"):
        assert (folder / name).read_bytes() == (model / name).read_bytes()
    assert same_weights(network_of(folder).get_weights(), network_of(model).get_weights())


def test_a_fault_leaves_no_folder(films, tmp_path, capfd):
    common = [str(films), "-a", "lenet5", "--size", "32", "--output", str(tmp_path), "--name", "x"]
    assert main(["crossval", *common, "-k", "40"]) == 1
    assert "cannot be in 40 folds. Try -k" in capfd.readouterr().err
    assert main(["crossval", *common, "-k", "2", "--features-from", "conv"]) == 2
    assert main(["train", *common, "--seeds", "2", "--features-from", "conv"]) == 2
    assert not any(tmp_path.iterdir())


def test_heatmaps_are_a_members_own(films, model, tmp_path, capfd):
    assert main(["gradcam", str(films), "-m", str(model), "-o", str(tmp_path)]) == 2
    assert f"Explain one of them: -m {model / 'fold-1'}" in capfd.readouterr().err

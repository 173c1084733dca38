"""Leave one data set out, through the command line, and what is left to do of a run that was stopped."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score
from trainings import TINY, network_of, same_weights

from keras_cxr.cli import main
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_datasets
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.models.saved_model import open_model
from keras_cxr.training.leave_one_out import leave_one_out

OPTIONS = ["-a", "lenet5", "--size", "32", "--epochs", "1", "--learning-rate", "3e-3", "--batch-size", "16"]
RECIPE = dataclasses.replace(TINY, epochs=1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three hospitals of noise about a gray level; 'ward' calls its classes otherwise and has a film of 'clinic'."""
    folder, rng = tmp_path_factory.mktemp("hospitals"), np.random.default_rng(0)
    names = {"clinic": ("NORMAL", "PNEUMONIA"), "ward": ("well", "sick"), "office": ("NORMAL", "PNEUMONIA")}
    for hospital, labels in names.items():
        for number, label in enumerate(labels):
            (folder / hospital / label).mkdir(parents=True)
            for film in range(16):
                pixels = rng.normal(100 + 20 * number, 20, (32, 32)).clip(0, 255).astype("uint8")
                Image.fromarray(pixels).save(folder / hospital / label / f"person{20 * number + film // 2}_{film}.png")
    shutil.copy(folder / "clinic" / "NORMAL" / "person0_0.png", folder / "ward" / "well" / "person90_1.png")
    (folder / "map.yaml").write_text("ward: {well: NORMAL, sick: PNEUMONIA}")
    return [folder / name for name in names]


@pytest.fixture(scope="module")
def datasets(folders):
    """A function that reads the hospitals anew."""
    return lambda: read_datasets(folders, LabelOptions(map_file=folders[0].parent / "map.yaml"))


@pytest.fixture(scope="module")
def run(folders, tmp_path_factory):
    output = tmp_path_factory.mktemp("models")
    labels = ["--map-file", str(folders[0].parent / "map.yaml")]
    arguments = [*map(str, folders), *OPTIONS, *labels, "--output", str(output), "--name", "loo", "--no-runtimes"]
    assert main(["leave-one-out", *arguments]) == 0
    return output / "loo"


def test_no_network_has_seen_a_film_of_the_data_set_that_is_left_out(run):
    films = pd.read_csv(run / "splits.csv", dtype=str, keep_default_na=False)
    for name in ("clinic", "ward", "office"):
        own = pd.read_csv(run / f"without-{name}" / "splits.csv", dtype=str, keep_default_na=False)
        left_out = films[films["split"] == f"without-{name}"]
        assert len(left_out) == (33 if name == "ward" else 32)
        assert not set(own["sha256"]) & set(left_out["sha256"])
        assert (own.groupby("patient")["split"].nunique() == 1).all()
        sources = own["image"].str.partition("/")[0]
        assert set(sources) == {"clinic", "ward", "office"} - {name}
        assert (own["patient"].str.partition("/")[0] == sources).all()
        assert all(set(part["split"]) == {"train", "val", "test"} for _, part in own.groupby(sources))
        assert set(own["label"]) == {"NORMAL", "PNEUMONIA"}
        assert open_model(run / f"without-{name}").card.data["datasets"] == sorted(
            set(sources), key=list(sources).index
        )


def test_each_is_scored_on_every_film_left_out_and_on_the_test_splits_of_the_others(run):
    table = pd.read_csv(run / "matrix.csv").set_index(["model", "dataset", "metric"]).sort_index()
    for name in ("clinic", "ward", "office"):
        model, predictions = f"without-{name}", pd.read_csv(run / f"without-{name}" / "predictions.csv")
        for dataset, part in predictions.groupby("dataset"):
            row = table.loc[(model, dataset, "AUROC")]
            assert row["value"] == pytest.approx(roc_auc_score(part["truth"] == "PNEUMONIA", part["p_PNEUMONIA"]))
            assert (row["n"], row["seen"]) == (len(part), dataset != name)
            assert len(part) == (32 + (name == "ward") if dataset == name else len(part))
        assert set(predictions["dataset"]) == {"clinic", "ward", "office"}
        assert set(table.loc[model]["trained_on"]) == {" + ".join(open_model(run / model).card.data["datasets"])}
    assert (run / "matrix.svg").is_file()
    assert len(pd.read_csv(run / "scores.csv")["model"].unique()) == 3


def test_a_run_that_was_stopped_comes_to_the_same(datasets, run, tmp_path):
    folder = tmp_path / "loo"
    shutil.copytree(run, folder)
    for name in ("matrix.csv", "scores.csv"):
        (folder / name).unlink()
    shutil.rmtree(folder / "without-office")
    shutil.copy(folder / "without-clinic" / "recipe.yaml", folder)
    with pytest.raises(CxrError, match="The data sets, or their films, have changed"):
        leave_one_out(datasets()[:2], RECIPE, folder, resume=True)
    finished = (folder / "without-clinic" / "model.keras").stat().st_mtime_ns
    leave_one_out(datasets(), RECIPE, folder, resume=True, runtimes=False)
    assert (folder / "without-clinic" / "model.keras").stat().st_mtime_ns == finished
    for name in ("matrix.csv", "scores.csv", "splits.csv"):
        assert (folder / name).read_bytes() == (run / name).read_bytes()
    again, before = (network_of(place / "without-office") for place in (folder, run))
    assert same_weights(again.get_weights(), before.get_weights())
    assert not (folder / "recipe.yaml").exists()


def test_what_is_refused(folders, datasets, run, tmp_path, capfd):
    with pytest.raises(UsageError, match="Give two data sets or more"):
        leave_one_out(datasets()[:1], RECIPE, tmp_path / "loo")
    with pytest.raises(CxrError, match="Choose another --name"):
        leave_one_out(datasets(), RECIPE, run)
    common = [*map(str, folders[:2]), *OPTIONS, "--output", str(tmp_path), "--name", "loo"]
    (tmp_path / "map.yaml").write_text("ward: {wel: NORMAL}")
    assert main(["leave-one-out", *common, "--map-file", str(tmp_path / "map.yaml")]) == 2
    assert "Did you mean 'well'?" in capfd.readouterr().err
    assert main(["leave-one-out", *common, "--features-from", "conv"]) == 2
    assert not (tmp_path / "loo").exists()

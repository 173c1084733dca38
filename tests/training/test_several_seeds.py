"""Several seeds on one split, and their ensemble; of three classes."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from trainings import Killed, KilledIn, trained

from keras_cxr.cli import main


@pytest.fixture(scope="module")
def model(three_classes, tmp_path_factory):
    output = tmp_path_factory.mktemp("models")
    settings = [
        "-a",
        "lenet5",
        "--size",
        "32",
        "--epochs",
        "1",
        "--learning-rate",
        "3e-3",
        "--seed",
        "4",
        "--no-runtimes",
    ]
    arguments = [str(three_classes), *settings, "--output", str(output), "--name", "m"]
    assert main(["train", *arguments, "--seeds", "2"]) == 0
    return output / "m"


def test_the_split_stays_and_the_weights_do_not(model):
    splits = [(model / name / "splits.csv").read_bytes() for name in ("seed-4", "seed-5", ".")]
    assert splits[0] == splits[1] == splits[2]
    assert (model / "seed-4" / "model.keras").read_bytes() != (model / "seed-5" / "model.keras").read_bytes()


def test_scores_and_ensemble(three_classes, model, tmp_path):
    scores = pd.read_csv(model / "scores.csv")
    accuracy = scores[scores["metric"] == "accuracy"].set_index("dataset")["value"]
    assert list(accuracy.index) == ["ensemble", "mean of 2 seeds", "seed-4", "seed-5"]
    for seed in ("seed-4", "seed-5"):
        card = json.loads((model / seed / "card.json").read_text())
        assert {row["metric"]: row["value"] for row in card["scores"]}["accuracy"] == accuracy[seed]
    tables = []
    for number, folder in enumerate((model, model / "seed-4", model / "seed-5")):
        out = ["--split", "val", "-o", str(tmp_path / str(number)), "--no-report"]
        assert main(["evaluate", str(three_classes), "-m", str(folder), *out]) == 0
        tables.append(pd.read_csv(tmp_path / str(number) / "predictions.csv"))
    p = [table[[f"p_{name}" for name in ("BACTERIA", "NORMAL", "VIRUS")]].to_numpy() for table in tables]
    assert np.allclose(p[0], np.mean(p[1:], axis=0), atol=1e-6)
    assert accuracy["ensemble"] == pytest.approx((tables[0]["label"] == tables[0]["truth"]).mean())


def test_one_seed_and_several_are_not_mixed_up(three_classes, tmp_path, capfd):
    with pytest.raises(Killed):
        trained(three_classes, tmp_path / "one", monitor=KilledIn(1))
    (tmp_path / "several" / "seed-0").mkdir(parents=True)
    for folder in (tmp_path / "several", tmp_path / "several" / "seed-0"):
        shutil.copy(tmp_path / "one" / "recipe.yaml", folder)
    common = ["train", str(three_classes), "--recipe", str(tmp_path / "one" / "recipe.yaml"), "--resume"]
    for name, more, was in (("one", ["--seeds", "2"], "without"), ("several", [], "with")):
        assert main([*common, "--output", str(tmp_path), "--name", name, *more]) == 2
        assert f"was begun {was} --seeds" in capfd.readouterr().err

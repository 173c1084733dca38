"""A control with permuted labels from the command line: every place says what it is, and none takes it for a model."""

import json

import pandas as pd
import pytest
import yaml

from keras_cxr.cli import main
from keras_cxr.errors import CxrError
from keras_cxr.models.saved_model import newest_model

TINY = ["-a", "lenet5", "--size", "32", "--epochs", "2", "--no-runtimes", "--permute-labels"]


def test_a_control_says_what_it_is(phantom, tmp_path, capfd):
    assert main(["train", str(phantom), *TINY, "--output", str(tmp_path)]) == 0
    said = capfd.readouterr()
    (folder,) = tmp_path.iterdir()
    assert folder.name == f"{phantom.name}-lenet5-permuted"
    assert "Note: The labels of the" in said.err
    assert "This is a control, not a model to use." in said.err
    assert "of its permuted training labels" in said.err
    assert "a control with permuted labels, not a model to use; epoch 2 of 2" in said.out
    assert f"Next: keras-cxr explain FILMS -m MODEL --score --control {folder}" in said.out
    card = json.loads((folder / "card.json").read_text())
    assert (card["training"]["permuted_labels"], card["training"]["best_epoch"]) == (True, 2)
    assert card["notice"].startswith("A control with permuted labels")
    assert "**A control with permuted labels, not a model to use.**" in (folder / "MODEL_CARD.md").read_text()
    assert yaml.safe_load((folder / "recipe.yaml").read_text())["permute_labels"] is True
    splits = pd.read_csv(folder / "splits.csv", dtype=str).set_index("image")
    same = splits["label"] == pd.read_csv(phantom / "labels.csv", dtype=str).set_index("image")["label"]
    assert same[splits["split"] == "test"].all()
    assert not same[splits["split"] == "train"].all()
    assert main(["predict", str(phantom), "-m", str(folder), "-o", str(tmp_path / "p.csv")]) == 0
    notes = [line for line in capfd.readouterr().err.splitlines() if line.startswith("Note: ")]
    warning = f"'{folder.name}' is a control with permuted labels, not a model to use: what it says means nothing."
    assert notes.count(f"Note: {warning}") == 1
    with pytest.raises(CxrError, match="No trained model"):
        newest_model(tmp_path)


def test_sets_of_findings(films_with_findings, tmp_path):
    options = ["--multi-label", "findings", "--min-films", "5", "--output", str(tmp_path), "--name", "control"]
    assert main(["train", str(films_with_findings), *TINY, *options]) == 0
    card = json.loads((tmp_path / "control" / "card.json").read_text())
    assert (card["classes"], card["training"]["permuted_labels"]) == (["Bright", "Striped"], True)


def test_an_ensemble_of_controls_is_refused(phantom, tmp_path, without_tensorflow):
    done = without_tensorflow("train", str(phantom), *TINY, "--seeds", "2", "--output", str(tmp_path))
    assert done.returncode == 2
    assert "--seeds with --permute-labels" in done.stderr

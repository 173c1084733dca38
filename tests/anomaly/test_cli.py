"""The command as a user calls it."""

import pandas as pd
import pytest

from keras_cxr.anomaly.methods import find, methods
from keras_cxr.cli import main
from keras_cxr.cli.anomaly import METHODS, ON_FEATURES


def run(*arguments):
    return main(["anomaly", *map(str, arguments)])


def test_the_methods_are_those_there_are():
    assert sorted(METHODS) == methods()
    assert {name for name in methods() if find(name).ON_FEATURES} == set(ON_FEATURES)


def test_score_and_into(autoencoder_model, odd_films, tmp_path, capsys):
    (tmp_path / "preds.csv").write_text("image,label,error\nperson3_7.png,SICK,\n")
    arguments = [odd_films / "SICK", "-m", autoencoder_model, "-o", tmp_path / "out.csv"]
    assert run("score", *arguments, "--into", tmp_path / "preds.csv") == 0
    said = capsys.readouterr().out
    assert "40 files, " in said
    assert "1 rows have a score" in said
    out = pd.read_csv(tmp_path / "out.csv").set_index("image")
    into = pd.read_csv(tmp_path / "preds.csv")
    assert into.loc[0, "anomaly"] == out.loc["person3_7.png", "score"]
    assert run("score", *arguments, "--into", tmp_path / "out.csv") == 2
    assert "must be two files" in capsys.readouterr().err


def test_train(trained):
    folder, said, notes = trained
    assert "Normal is 'NORMAL'" in notes
    for part in ("Epoch 8/8", "AUROC", "sensitivity", f"keras-cxr anomaly score IMAGES -m {folder}"):
        assert part in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train", "{films}"], 2, "Missing option '--name'"),
        (["train", "nowhere", "--name", "x"], 1, "'nowhere' does not exist"),
        (["train", "{films}", "--name", "x", "--normal", "NORMLA"], 2, "Did you mean 'NORMAL'"),
        (["train", "{films}", "--name", "x", "--map", "NORMAL=FINE"], 1, "Name it with --normal LABEL"),
        (["train", "{films}", "--name", "x", "-m", "y"], 2, "--model goes with --method neighbours or mahalanobis"),
        (["train", "{films}", "--name", "x", "--method", "neighbours", "--epochs", "3"], 2, "--epochs goes with"),
        (["train", "{films}", "--name", "x", "--method", "neighbours", "-m", "y", "-a", "z"], 2, "Leave one of them"),
        (["train", "{films}", "--name", "x", "--method", "neighbours", "-m", "y"], 1, "'y' does not exist"),
        (["train", "{films}", "--name", "x", "--false-alarms", "0"], 2, "--false-alarms"),
        (["score"], 2, "Missing argument 'IMAGES'"),
        (["score", "nowhere", "-m", "x"], 1, "'nowhere' does not exist"),
        (["score", "{films}", "-m", "x"], 1, "No anomaly model in 'x'"),
        (["score", "{films}"], 2, "Missing option '-m'"),
    ],
)
def test_faults_are_one_line(arguments, code, said, odd_films, capsys):
    assert run(*[argument.format(films=odd_films) for argument in arguments]) == code
    error = capsys.readouterr().err
    assert said in error
    assert len(error.strip().splitlines()) == 1


def test_faults_answer_without_tensorflow(without_tensorflow, odd_films):
    done = without_tensorflow("anomaly", "train", odd_films, "--name", "x", "--normal", "sic")
    assert (done.returncode, "Did you mean 'SICK'" in done.stderr) == (2, True)

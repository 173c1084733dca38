"""``keras-cxr evaluate --predictions``, as a user runs it."""

import pandas as pd
import pytest

from keras_cxr.cli import main


@pytest.fixture
def files(tmp_path):
    labels = ["NORMAL", "PNEUMONIA"] * 20
    images = [f"{number}.png" for number in range(40)]
    p = [(number * 7 % 40 + 10 * (number % 2)) / 60 for number in range(40)]
    pd.DataFrame({"image": images, "score": p}).to_csv(tmp_path / "preds.csv", index=False)
    known = pd.DataFrame({"image": images, "label": labels, "sex": ["F", "M"] * 10 + ["M", "F"] * 10})
    known.to_csv(tmp_path / "truth.csv", index=False)
    return tmp_path


def test_predictions_of_any_program_are_scored_without_tensorflow(files, without_tensorflow):
    command = ["evaluate", "--predictions", "preds.csv", "--truth", "truth.csv", "-o", "out", "--by", "sex"]
    command += ["--prevalence", "0.05"]
    done = without_tensorflow(*command, cwd=files)
    assert done.returncode == 0, done.stderr
    assert "Not used: " in done.stderr
    assert "95 % intervals of truth: each of 40 films" in done.stderr
    assert "PPV at prevalence 0.05" in done.stdout
    assert "Scores by subgroup" in done.stdout
    written = {path.name for path in (files / "out").iterdir()}
    assert written >= {"scores.csv", "predictions.csv", "not_used.csv", "subgroups.csv", "subgroups.png", "roc.png"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--predictions", "preds.csv"], 2, "--predictions needs --truth FILE.csv"),
        (["--predictions", "preds.csv", "--truth", "truth.csv", "films"], 2, "goes without DATA"),
        (["films", "--threshold", "0.3"], 2, "--threshold goes with --predictions"),
        (["--predictions", "preds.csv", "--truth", "truth.csv", "--threshold", "1.5"], 2, "1.5 is not in the range"),
        (["films", "--prevalence", "1"], 2, "1.0 is not in the range"),
        (["--predictions", "preds.csv", "--truth", "none.csv"], 1, "The truth file 'none.csv' does not exist"),
        (["--predictions", "preds.csv", "--truth", "truth.csv", "--order", "a,b"], 2, "need three classes or more"),
    ],
)
def test_faults_are_one_clear_line(files, arguments, code, said, monkeypatch, capfd):
    monkeypatch.chdir(files)
    assert main(["evaluate", *arguments]) == code
    errors = capfd.readouterr().err
    assert errors.count("Error: ") == 1
    assert said in errors

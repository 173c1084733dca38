"""``keras-cxr report``, as a user runs it."""

import re

import pandas as pd
import pytest

from keras_cxr.cli import main
from keras_cxr.prediction.account import write_account


def test_predictions_of_any_program_are_reported_without_tensorflow(tmp_path, without_tensorflow):
    labels = ["NORMAL", "PNEUMONIA"] * 20
    images = [f"{number}.png" for number in range(40)]
    p = [(number * 7 % 40 + 10 * (number % 2)) / 60 for number in range(40)]
    pd.DataFrame({"image": images, "score": p}).to_csv(tmp_path / "preds.csv", index=False)
    pd.DataFrame({"image": images, "label": labels}).to_csv(tmp_path / "truth.csv", index=False)
    scored = without_tensorflow(
        "evaluate", "--predictions", "preds.csv", "--truth", "truth.csv", "-o", "out", cwd=tmp_path
    )
    assert scored.returncode == 0, scored.stderr
    done = without_tensorflow("report", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    auroc = pd.read_csv(tmp_path / "out" / "scores.csv").set_index("metric")["value"]["AUROC"]
    assert f"{auroc:.3f} (" in page
    assert page.count("not at hand") >= 6
    assert "<img" not in page


@pytest.fixture(scope="module")
def evaluated(tiny_model, phantom, tmp_path_factory):
    """The folder of an evaluation of the tiny model."""
    folder, films = tmp_path_factory.mktemp("results"), phantom / "known_images"
    assert main(["evaluate", str(films), "-m", str(tiny_model.folder), "-o", str(folder), "--runtime", "keras"]) == 0
    write_account(folder, "keras-cxr evaluate", {tiny_model.card.name: tiny_model}, {films.name: films})
    return folder


def test_an_evaluation_is_reported_with_heatmaps(evaluated, tmp_path):
    target = tmp_path / "page.html"
    assert main(["report", str(evaluated), "-o", str(target), "--films", "2"]) == 0
    page = target.read_text(encoding="utf-8")
    scored = pd.read_csv(evaluated / "predictions.csv")
    wrong = (scored["truth"] != scored["label"]).groupby(scored["truth"]).sum().clip(upper=2).sum()
    assert len(re.findall('alt="[^"]*: film"', page)) == wrong + 2
    assert "heatmap of Grad-CAM for" in page
    for title in ("Learning curves", "Model and training data", "Calibration", "Errors and uncertain films"):
        assert f">{title}</h2>" in page
    assert "known_images is the data the model was trained on" in page
    assert "Only films of the data that the model was trained on were scored." in page


def test_films_are_left_out_where_that_is_asked_for(evaluated, tmp_path):
    target = tmp_path / "page.html"
    assert main(["report", str(evaluated), "-o", str(target), "--films", "0"]) == 0
    page = target.read_text(encoding="utf-8")
    assert "<img" not in page
    assert "phantom-" not in page


def test_a_training_is_reported(tiny_model, tmp_path):
    target = tmp_path / "page.html"
    assert main(["report", str(tiny_model.folder), "-o", str(target)]) == 0
    page = target.read_text(encoding="utf-8")
    assert "Validation scores" in page
    assert "Learning curves" in page
    assert "whose scores therefore flatter" in page


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none"], 1, "The folder 'none' does not exist."),
        (["."], 1, "has no predictions.csv"),
        ([".", "--films", "-1"], 2, "-1 is not in the range"),
        ([".", "-m", "none"], 1, "The model folder 'none' does not exist."),
    ],
)
def test_faults_are_one_clear_line(tmp_path, arguments, code, said, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert main(["report", *arguments]) == code
    errors = capfd.readouterr().err
    assert errors.count("Error: ") == 1
    assert said in errors

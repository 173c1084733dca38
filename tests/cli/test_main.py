"""The program as a whole: what it says without TensorFlow, and what wrong input gets."""

import errno
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import keras_cxr
from keras_cxr.cli import COMMANDS, main
from keras_cxr.files import write_json

ROOT = pathlib.Path(__file__).parents[2]
# Several commands in one process: of each the code, what it said, and what it had to load.
IN_TURN = """
import contextlib, io, json, sys
from keras_cxr.cli import main
done = []
for arguments in json.loads(sys.argv[1]):
    said, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
        code = main(arguments)
    done.append((code, said.getvalue(), errors.getvalue(), sorted({"tensorflow", "keras"} & set(sys.modules))))
print(json.dumps(done))
"""


def run(*arguments, cwd=None):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, check=False)


LIGHT = [
    (["--help"], 0, "For research, not for diagnosis"),
    ([], 2, "Commands"),
    *[([command, "--help"], 0, "Usage") for command in COMMANDS],
    (["trian"], 2, "Did you mean 'train'?"),
    (["train"], 2, "Missing argument 'DATA'"),
    (["train", "nowhere", "-a", "lmap4"], 2, "Did you mean 'lmap3'?"),
    (["train", "nowhere", "-a", "lmap3"], 1, "'nowhere' does not exist"),
    (["train", ".", "--split", "70/30"], 2, "must be three shares"),
    (["train", ".", "--epochs", "many"], 2, "'many' is not a valid integer"),
    (["train", ".", "--epohcs", "3"], 2, "--epochs"),
    (["train", ".", "--map", "SICK"], 2, "must be OLD=NEW"),
    (["predict", "nowhere"], 1, "'nowhere' does not exist"),
    (["gradcam", "nowhere"], 1, "'nowhere' does not exist"),
    (["evaluate"], 2, "Missing argument"),
    (["phantom", "x", "--hospital", "c"], 2, "is not one of 'a', 'b'"),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What a fresh program says to ``LIGHT``."""
    asked = json.dumps([arguments for arguments, *_ in LIGHT])
    done = run("-c", IN_TURN, asked, cwd=tmp_path_factory.mktemp("empty"))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", range(len(LIGHT)), ids=[" ".join(arguments) or "none" for arguments, *_ in LIGHT])
def test_help_and_usage_errors_answer_without_tensorflow(case, answers):
    (arguments, code, said), (returned, output, errors, heavy) = LIGHT[case], answers[case]
    assert returned == code
    assert said in output + errors
    assert heavy == []
    if code and arguments:
        assert len(errors.strip().splitlines()) == 1


def test_version_names_everything(capfd):
    import keras
    import tensorflow as tf

    assert main(["--version"]) == 0
    said = capfd.readouterr().out
    for part in (keras_cxr.__version__, tf.__version__, keras.__version__, "CPU cores"):
        assert part in said


def test_cli_file_is_the_same_program(tmp_path):
    done = run(str(ROOT / "cli.py"), "predict", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The image folder 'nowhere' does not exist")


@pytest.fixture(scope="module")
def model(phantom, tmp_path_factory):
    """A small network trained through the command line."""
    folder = tmp_path_factory.mktemp("models")
    arguments = ["train", str(phantom / "known_images"), "-a", "lenet5", "--size", "64", "--epochs", "2"]
    assert main([*arguments, "--output", str(folder), "--name", "small", "--no-runtimes"]) == 0
    return folder / "small"


def test_the_main_job(model, phantom, tmp_path, capfd):
    known, unknown = phantom / "known_images", phantom / "unknown_images"
    assert main(["evaluate", str(known), "-m", str(model), "-o", str(tmp_path / "results")]) == 0
    said = capfd.readouterr()
    assert "its test split is scored" in said.err
    assert "f1-score" in said.out
    splits = pd.read_csv(model / "splits.csv")
    scored = pd.read_csv(tmp_path / "results" / "predictions.csv")
    assert set(scored["image"]) == set(splits.loc[splits["split"] == "test", "image"])

    assert main(["predict", str(unknown), "-m", str(model), "-o", str(tmp_path / "preds.csv")]) == 0
    labelled = pd.read_csv(tmp_path / "preds.csv")
    assert list(labelled["image"]) == sorted(path.name for path in unknown.iterdir())
    assert f"{len(labelled)} files" in capfd.readouterr().out

    assert main(["gradcam", str(unknown), "-m", str(model), "-o", str(tmp_path / "maps")]) == 0
    pictures = {path.name for path in (tmp_path / "maps").glob("*.png")}
    assert pictures == set(labelled["image"])
    assert (tmp_path / "maps" / "index.html").is_file()


def test_newest_model_is_named(model, phantom, tmp_path, monkeypatch, capfd):
    (tmp_path / "saved_models").mkdir()
    shutil.copytree(model, tmp_path / "saved_models" / "small")
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(phantom / "unknown_images")]) == 0
    assert "saved_models/small (the newest" in capfd.readouterr().err
    assert (tmp_path / "preds.csv").is_file()


def broken_folder(folder):
    folder.mkdir()
    rng = np.random.default_rng(0)
    good = Image.fromarray(rng.integers(0, 255, (80, 80), dtype=np.uint8))
    good.save(folder / "good film.jpg")
    content = (folder / "good film.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(content[: len(content) // 2])
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("no picture")
    Image.new("L", (1, 1)).save(folder / "dot.png")
    Image.new("1", (12_000, 12_000)).save(folder / "huge.png")
    return folder


def test_a_bad_file_costs_itself_alone(model, tmp_path, capfd):
    folder = broken_folder(tmp_path / "films")
    for extra, code in (([], 0), (["--strict"], 1)):
        assert main(["predict", str(folder), "-m", str(model), "-o", str(tmp_path / "p.csv"), *extra]) == code
    rows = pd.read_csv(tmp_path / "p.csv", keep_default_na=False).set_index("image")
    assert rows.loc["good film.jpg", "error"] == ""
    reasons = {"cut.jpg": "cut short", "empty.png": "0 bytes", "text.png": "not a JPEG", "dot.png": "too small"}
    for name, reason in {**reasons, "huge.png": "over the limit"}.items():
        assert reason in rows.loc[name, "error"]
        assert rows.loc[name, "label"] == ""
    assert "5 failed" in capfd.readouterr().out
    assert main(["gradcam", str(folder), "-m", str(model), "-o", str(tmp_path / "maps")]) == 0
    assert [path.name for path in (tmp_path / "maps").glob("good*")] == ["good film.jpg"]


def make_only_broken(folder):
    folder.mkdir()
    (folder / "a.png").write_text("no picture")
    return folder


def class_folders(folder, films):
    """``films``: class → number of films."""
    rng = np.random.default_rng(0)
    for name, count in films.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 255, (40, 40), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def train_with_csv(folder, text):
    class_folders(folder / "d", {"x": 2, "y": 2})
    (folder / "table.csv").write_text(text)
    return ["train", folder / "d", "--labels", folder / "table.csv", "-a", "lenet5", "--size", "32"]


def changed_card(model, folder, change):
    shutil.copytree(model, folder)
    card = json.loads((folder / "card.json").read_text())
    change(card, folder)
    if (folder / "card.json").is_file():
        write_json(folder / "card.json", card)
    return folder


def newer(card, folder):
    card["card_version"] = 99


def without(card, folder):
    (folder / "card.json").unlink()


WRONG = {
    "empty folder": (lambda t, m: ["train", new_folder(t / "e"), "-a", "lenet5"], 1, "No film in"),
    "no labels": (lambda t, m: ["train", class_folders(t, {"x": 3}) / "x", "-a", "lenet5"], 1, "No labels in"),
    "one class": (lambda t, m: ["train", class_folders(t / "d", {"x": 9}), "-a", "lenet5"], 1, "Only one class"),
    "no column": (lambda t, m: train_with_csv(t, "a,b\n0.png,x\n"), 1, "No image column in"),
    "two files of one name": (lambda t, m: train_with_csv(t, "file,label\n0.png,x\n1.png,y\n"), 1, "fit several files"),
    "unknown layer": (
        lambda t, m: ["gradcam", class_folders(t, {"x": 1}) / "x", "-m", m, "--layer", "conv_9"],
        2,
        "Unknown layer 'conv_9'",
    ),
    "unknown class": (
        lambda t, m: ["gradcam", class_folders(t, {"x": 1}) / "x", "-m", m, "--class", "PNEUMONA"],
        2,
        "Did you mean 'PNEUMONIA'?",
    ),
    "no card": (
        lambda t, m: ["predict", class_folders(t, {"x": 1}), "-m", changed_card(m, t / "m", without)],
        1,
        "has no card.json",
    ),
    "newer card": (
        lambda t, m: ["predict", class_folders(t, {"x": 1}), "-m", changed_card(m, t / "m", newer)],
        1,
        "Upgrade keras-cxr",
    ),
    "no model": (lambda t, m: ["predict", class_folders(t, {"x": 1}), "-m", t / "none"], 1, "does not exist"),
    "nothing readable": (
        lambda t, m: ["gradcam", make_only_broken(t / "d"), "-m", m, "-o", t / "o"],
        1,
        "None of the 1 films can be read",
    ),
    "unknown labels": (
        lambda t, m: ["evaluate", class_folders(t / "d", {"CATS": 2, "DOGS": 2}), "-m", m, "-o", t / "o"],
        1,
        "Rename with --map OLD=NEW",
    ),
}


def new_folder(folder):
    folder.mkdir()
    return folder


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_gets_one_clear_line(case, model, tmp_path, monkeypatch, capfd):
    make, code, said = WRONG[case]
    arguments = [str(part) for part in make(tmp_path, model)]
    monkeypatch.chdir(tmp_path)
    capfd.readouterr()
    assert main(arguments) == code
    errors = capfd.readouterr().err
    assert errors.count("Error: ") == 1
    assert said in errors[errors.index("Error: ") :]
    assert "Traceback" not in errors


def test_faults_of_a_data_set_are_listed_together(tmp_path, capfd):
    class_folders(tmp_path / "d", {"x": 1, "y": 1})
    assert main(["train", str(tmp_path / "d"), "-a", "lenet5", "--size", "32", "--output", str(tmp_path / "m")]) == 1
    said = capfd.readouterr().err
    for fault in ("split is empty", "Class x has 1 film", "Class y has 1 film"):
        assert fault in said
    assert not (tmp_path / "m").exists() or not any((tmp_path / "m").iterdir())


def test_a_full_disk_is_one_line(model, phantom, tmp_path, monkeypatch, capfd):
    def full(*names):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(names[-1]))

    monkeypatch.setattr("keras_cxr.prediction.predict.os.replace", full)
    assert main(["predict", str(phantom / "unknown_images"), "-m", str(model), "-o", str(tmp_path / "p.csv")]) == 1
    assert capfd.readouterr().err.splitlines()[-1].startswith("Error: No space left on the disk while writing")


def test_interrupt_saves_and_says_how_to_resume(phantom, tmp_path):
    arguments = ["train", str(phantom / "known_images"), "-a", "lenet5", "--size", "64", "--epochs", "500"]
    arguments += ["--patience", "500", "--output", str(tmp_path), "--name", "long"]
    # A shell's background job, and so its children, would ignore the signal.
    program = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program += "from keras_cxr.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("Epoch 2"):
            process.send_signal(2)
            break
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "--resume --name long" in errors
    assert "Traceback" not in errors
    assert len(json.loads((tmp_path / "long" / "training" / "state.json").read_text())["history"]) >= 2

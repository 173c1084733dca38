"""``keras-cxr optimize`` and what ``predict`` and ``evaluate`` make of it, as a user runs them."""

import json
import shutil

import pandas as pd
import pytest

from keras_cxr.cli import main

pytest.importorskip("openvino")


@pytest.fixture
def model(tiny_model, tmp_path):
    folder = tmp_path / "tiny"
    shutil.copytree(tiny_model.folder, folder)
    shutil.rmtree(folder / "runtimes", ignore_errors=True)
    return folder


def test_optimize_then_label_and_score_without_tensorflow(model, phantom, tmp_path, capfd, without_tensorflow):
    films = phantom / "unknown_images"
    assert main(["predict", str(films), "-m", str(model), "-o", str(tmp_path / "keras.csv")]) == 0
    assert f"Note: Keras is used: tiny has no files for faster runtimes; 'keras-cxr optimize {model}'" in (
        capfd.readouterr().err
    )
    assert main(["optimize", str(model), "--runtime", "openvino", "--precision", "float32"]) == 0
    said = capfd.readouterr()
    assert "Wrote" in said.out
    assert "openvino float32" in said.out
    # However fast Keras is with so small a network, the file is to be taken.
    file = model / "runtimes" / "runtimes.json"
    record = json.loads(file.read_text())
    record["entries"][0]["films_per_second"] = 1.0
    file.write_text(json.dumps(record))
    done = without_tensorflow("predict", films, "-m", model, "-o", tmp_path / "fast.csv")
    assert (done.returncode, done.stderr.strip()) == (0, "Runtime: openvino float32")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "fast.csv"), pd.read_csv(tmp_path / "keras.csv"), atol=1e-5)

    assert without_tensorflow("evaluate", phantom, "-m", model, "-o", tmp_path / "fast").returncode == 0
    slow = ["evaluate", str(phantom), "-m", str(model), "-o", str(tmp_path / "slow"), "--runtime", "keras"]
    assert main([*slow, "--no-report"]) == 0
    fast, slow = (pd.read_csv(tmp_path / name / "scores.csv") for name in ("fast", "slow"))
    pd.testing.assert_frame_equal(fast, slow, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["optimize"], 2, "Missing argument 'MODEL'"),
        (["optimize", "nowhere"], 1, "'nowhere' does not exist"),
        (["optimize", "MODEL", "--runtime", "keras"], 2, "is not one of"),
        (["optimize", "MODEL", "--runtime", "onnx", "--precision", "bfloat16"], 2, "must be one of float32, int8"),
        (["predict", "FILMS", "-m", "MODEL", "--runtime", "openvino"], 1, "keras-cxr optimize"),
        (["predict", "FILMS", "-m", "MODEL", "--precision", "int8"], 1, "keras-cxr optimize"),
        (["predict", "FILMS", "-m", "MODEL", "--runtime", "keras", "--precision", "int8"], 2, "Received: int8"),
        (["predict", "FILMS", "-m", "MODEL", "--runtime", "tensorrt"], 2, "is not one of"),
    ],
)
def test_mistakes_are_one_line(arguments, code, said, model, phantom, capfd):
    places = {"MODEL": str(model), "FILMS": str(phantom / "unknown_images")}
    assert main([places.get(argument, argument) for argument in arguments]) == code
    told = capfd.readouterr().err.strip()
    assert said in told
    assert len(told.splitlines()) == 1


def test_what_is_not_installed_is_named(model, monkeypatch, capfd):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["optimize", str(model), "--runtime", "litert"]) == 1
    assert "pip install ai-edge-litert" in capfd.readouterr().err
    assert not (model / "runtimes").exists()

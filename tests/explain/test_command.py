"""``keras-cxr explain`` on a saved model: what it writes and what it refuses."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_cxr.cli import main

SIZES = {"a/wide.png": (150, 70), "tall.png": (64, 200)}


@pytest.fixture
def folder(tmp_path):
    for seed, (name, (width, height)) in enumerate(SIZES.items()):
        pixels = np.random.default_rng(seed).normal(120, 40, (height, width)).clip(0, 255).astype("uint8")
        (tmp_path / "films" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / "films" / name)
    (tmp_path / "films" / "z.png").write_bytes(b"")
    return tmp_path / "films"


def explain(model, folder, *options):
    return main(["explain", str(folder), "-m", str(model.folder), "-o", str(folder.parent / "maps"), *options])


def test_occlusion_with_arrays(tiny_model, folder, capfd):
    options = ["--method", "occlusion", "--mask-size", "30", "--stride", "17", "--arrays", "--class", "PNEUMONIA"]
    assert explain(tiny_model, folder, *options) == 0
    assert "2 films, Occlusion, " in capfd.readouterr().out
    maps = folder.parent / "maps"
    table = pd.read_csv(maps / "maps.csv", keep_default_na=False).set_index("image")
    assert "0 bytes" in table.loc["z.png", "error"]
    for name, (width, height) in SIZES.items():
        row = table.loc[name]
        found = np.load(maps / row["map"])
        assert found.shape == (height, width)
        assert found.dtype == np.float32
        assert 0 <= found.min() <= found.max() <= 1
        assert (row["empty"] == "True") == (not found.any())
        assert row["map_for"] == "PNEUMONIA"
        likely = np.load((maps / row["map"]).with_suffix(".probability.npy"))
        assert likely.shape == (3, 3)
        assert 0 <= likely.min() <= likely.max() <= 1
        assert (maps / row["picture"]).is_file()
    page = (maps / "index.html").read_text(encoding="utf-8")
    assert "Occlusion of" in page
    assert "layer" not in page


def test_layers_and_smoothing_against_a_class(tiny_model, folder, capfd):
    options = ["--layer", "c3", "--layer", "c5", "--smooth", "2", "--class", "NORMAL", "--against", "PNEUMONIA"]
    assert explain(tiny_model, folder, *options, "--arrays", "--method", "layercam") == 0
    assert "LayerCAM, layer c3 + c5" in capfd.readouterr().out
    found = pd.read_csv(folder.parent / "maps" / "maps.csv")
    assert (found["map_for"].dropna() == "NORMAL against PNEUMONIA").all()


def test_several_methods_get_what_they_take(tiny_model, folder, capfd):
    methods = ["--method", "layercam", "--method", "eigencam", "--method", "smoothgrad"]
    assert explain(tiny_model, folder, *methods, "--class", "NORMAL", "--layer", "c3", "--samples", "2") == 0
    told = capfd.readouterr().out
    assert "LayerCAM, layer c3," in told
    assert "Eigen-CAM, layer c3," in told
    assert "SmoothGrad, " in told
    shown = {"layercam": {"NORMAL"}, "eigencam": {"every class"}, "smoothgrad": {"NORMAL"}}
    for method, expected in shown.items():
        assert set(pd.read_csv(folder.parent / "maps" / method / "maps.csv")["map_for"].dropna()) == expected


def test_gradcam_is_gradcam(tiny_model, folder):
    assert explain(tiny_model, folder) == 0
    assert main(["gradcam", str(folder), "-m", str(tiny_model.folder), "-o", str(folder.parent / "other")]) == 0
    for name in (*SIZES, "index.html"):
        assert (folder.parent / "maps" / name).read_bytes() == (folder.parent / "other" / name).read_bytes()
    assert not (folder.parent / "other" / "maps.csv").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--method", "cam"], "CAM needs global average pooling"),
        (["--class", "NORMAL", "--against", "normal"], "another class than --class"),
        (["--method", "occlusion", "--mask-size", "64"], "smaller than the network's input of 64 × 64"),
        (["--method", "rise", "--coarse"], "takes --coarse (occlusion)"),
        (["--layer", "c6"], "Unknown layer 'c6'"),
    ],
)
def test_refused(tiny_model, folder, options, told, capfd):
    assert explain(tiny_model, folder, *options) == 2
    error = capfd.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_what_one_of_several_methods_cannot_do_is_told_before_the_first_film(tiny_model, folder, capfd):
    assert explain(tiny_model, folder, "--method", "gradcam", "--method", "cam") == 2
    assert "CAM needs global average pooling" in capfd.readouterr().err
    assert not (folder.parent / "maps").exists()


def test_outlines(tiny_model, folder):
    covered = []
    for more in ([], ["--contour"]):
        assert explain(tiny_model, folder, "--method", "rise", "--masks", "20", *more) == 0
        picture = np.asarray(Image.open(folder.parent / "maps" / "a" / "wide.png")).astype(int)
        covered.append(np.any(picture[:70, -150:] != picture[:70, :150], axis=2).mean())
    assert 0 < covered[1] < covered[0]

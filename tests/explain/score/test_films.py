"""Maps measured from films to tables: on a network whose scores are known, and by the command."""

import dataclasses

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_cxr.cli import main
from keras_cxr.cli.map_score_options import GROUPS
from keras_cxr.evaluation.faithfulness import area_under
from keras_cxr.evaluation.map_scores import MAP_SCORES_COLUMNS, MEASURES
from keras_cxr.explain import fast_explainer as fast_explainer_module
from keras_cxr.explain.explainer import Explainer
from keras_cxr.explain.request import Request
from keras_cxr.explain.score import films as score_films_module
from keras_cxr.explain.score.films import ScoreOptions, score_films
from keras_cxr.explain.score.places import find_places
from keras_cxr.models.forward import forward
from keras_cxr.prediction.serving.choose import Choice

COUNT = 4


@pytest.fixture
def quarter(tiny_model, tmp_path):
    """A saved model whose logit is a hundredth of the mean gray level of the upper left quarter."""
    gray = keras.Input((64, 64, 1), name="gray")
    x = keras.layers.AveragePooling2D(4)(gray)
    x = keras.layers.Conv2D(1, 1, use_bias=False, name="map")(x)
    x = keras.layers.Cropping2D(((0, 8), (0, 8)))(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dense(1, name="logits", use_bias=False)(x)
    network = keras.Model(gray, keras.layers.Activation("sigmoid", name="probability")(x))
    network.set_weights([np.full((1, 1, 1, 1), 0.01, "float32"), np.ones((1, 1), "float32")])
    (tmp_path / "model").mkdir()
    network.save(tmp_path / "model" / "model.keras")
    card = dataclasses.replace(tiny_model.card, name="quarter", temperature=1.0, threshold=0.5)
    return dataclasses.replace(tiny_model, folder=tmp_path / "model", card=card)


@pytest.fixture
def films(tmp_path):
    """Films of 128 pixels that are bright in that quarter, and the quarter as their box."""
    bright = np.zeros((128, 128), "uint8")
    bright[:64, :64] = 200
    (tmp_path / "films").mkdir()
    for number in range(COUNT):
        Image.fromarray(bright).save(tmp_path / "films" / f"{number}.png")
    rows = "".join(f"{number}.png,0,0,64,64\n" for number in range(COUNT))
    (tmp_path / "boxes.csv").write_text("image,x,y,width,height\n" + rows)
    return find_places(tmp_path / "films", tmp_path / "maps", boxes=tmp_path / "boxes.csv")


def sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


def test_scores_of_a_network_that_is_known(quarter, films, tmp_path):
    requests = [Request("gradcam"), Request("hirescam")]
    result = score_films(quarter, films, tmp_path / "maps", requests, ScoreOptions(checked=2))
    table = result.scores.set_index(["model", "method", "measure"]).sort_index()
    value, chance = table.loc[("quarter", "gradcam")]["value"], table.loc[("quarter", "gradcam")]["chance"]
    assert value["pointing game"] == 1
    assert value["mIoU"] > 0.9
    assert value["AUPRC"] > 0.97
    assert value["share in marked places"] > 0.9
    assert chance[["pointing game", "mIoU", "AUPRC", "share in marked places"]].tolist() == [0.25] * 4
    # The logit falls from 2 to 0.5, that of the film's mean gray level of 50, as the quarter is taken away.
    taken = np.linspace(0, 1, 33)
    best = sigmoid(2 - 1.5 * np.minimum(4 * taken, 1))
    assert value["deletion AUC"] == pytest.approx(area_under(best), abs=0.01)
    assert chance["deletion AUC"] == pytest.approx(area_under(sigmoid(2 - 1.5 * taken)), abs=0.01)
    assert value["insertion AUC"] == pytest.approx(sigmoid(2), abs=0.01)
    assert value["average drop"] == pytest.approx(0, abs=0.01)
    assert value["agreement, rank correlation"] > 0.9
    # All films are alike, and so are their maps.
    assert chance["SSIM, all layers random"] == pytest.approx(1)
    assert (table.loc[("quarter", "gradcam")]["n"].loc[["mIoU", "deletion AUC"]] == [COUNT, 2]).all()
    bell = table.loc[("quarter", "centred Gaussian")]
    assert bell.loc["deletion AUC", "value"] > value["deletion AUC"]
    # A bell around the middle has a quarter of itself in each quarter.
    assert bell.loc["share in marked places", "value"] == pytest.approx(0.25, abs=0.01)


def test_changed_films_pass_a_faster_runtime(quarter, films, tmp_path, monkeypatch):
    slow, seen = forward(quarter.network()), []

    def faster(images):
        seen.append(len(images))
        return slow(images) / 2

    for module in (score_films_module, fast_explainer_module):
        monkeypatch.setattr(module, "choose", lambda *asked: Choice("other float32", faster))
    options = ScoreOptions(groups=("faithfulness",), checked=1)
    table = score_films(quarter, films, tmp_path / "maps", [Request("gradcam")], options).scores
    # The films' labels; of the checked one 33 steps there and back, for the map and two that know nothing.
    assert sum(seen) >= COUNT + 3 * 2 * 33
    best = sigmoid(1 - 0.75 * np.minimum(4 * np.linspace(0, 1, 33), 1))
    found = table.set_index(["method", "measure"]).loc[("gradcam", "deletion AUC"), "value"]
    assert found == pytest.approx(area_under(best), abs=0.01)


def test_without_sanity_the_runtime_makes_the_maps(quarter, films, tmp_path, monkeypatch):
    asked = []

    def served(model, requests, runtime):
        asked.append([request.method for request in requests])
        return [(Explainer(model, requests[0]), "Runtime: other"), (None, "Note: Keras is used")]

    monkeypatch.setattr(score_films_module, "fast_explainers", served)
    requests = [Request("gradcam"), Request("smoothgrad", settings={"samples": 2})]
    for groups, wanted in ((("localisation",), [["gradcam", "smoothgrad"]]), (("sanity",), [])):
        asked.clear()
        options = ScoreOptions(groups=groups, checked=1)
        table = score_films(quarter, films, tmp_path / groups[0], requests, options).scores
        assert asked == wanted
        assert {"gradcam", "smoothgrad"} <= set(table["method"])


def test_command(tiny_model, phantom, tmp_path, capfd):
    methods = ["--method", "gradcam", "--method", "eigencam"]
    films = ["--boxes", str(phantom / "boxes.csv"), "--lung-masks", str(phantom / "masks"), "--films", "6"]
    model = ["-m", str(tiny_model.folder), "--control", str(tiny_model.folder)]
    options = [*model, "--checked-films", "3", "--tolerance", "2", "-o", str(tmp_path / "maps")]
    assert main(["explain", str(phantom), "--score", *methods, *films, *options]) == 0
    told = capfd.readouterr().out
    assert "within 2 pixels" in told
    folder = tmp_path / "maps"
    for name in ("map_scores.png", "randomisation.png", "gradcam/index.html", "control/eigencam/index.html"):
        assert (folder / name).stat().st_size > 1000
    scores = pd.read_csv(folder / "map_scores.csv")
    assert list(scores) == MAP_SCORES_COLUMNS
    assert set(scores["method"]) == {"gradcam", "eigencam", "centred Gaussian", "average marked place"}
    assert set(scores["measure"]) == {one.name for group in MEASURES.values() for one in group}
    assert set(scores["model"]) == {"tiny", "tiny, random weights", "tiny, control"}
    assert np.isfinite(scores["value"]).all()
    assert (scores["low"] <= scores["value"]).all()
    assert (scores["value"] <= scores["high"]).all()
    # The control is the model itself.
    itself = scores[scores["measure"] == "SSIM, control"]
    assert itself["value"].tolist() == pytest.approx([1, 1])
    own, control = (scores[scores["model"] == name]["value"].iloc[:5].tolist() for name in ("tiny", "tiny, control"))
    assert own == pytest.approx(control)
    maps = pd.read_csv(folder / "maps.csv")
    assert len(maps) == 6 * 2 * 2
    assert maps["map"].isna().all()
    for row in maps.itertuples():
        assert (folder / row.picture).is_file()
        assert row.map_for == ("PNEUMONIA" if row.method == "gradcam" else "every class")
        assert 0 <= row.share_marked <= 1
        assert 0 <= row.share_lungs <= 1
    told = scores[scores["measure"] == "pointing game"]["value"].iloc[0]
    assert maps["hit"].iloc[:6].mean() == pytest.approx(told)
    depths = pd.read_csv(folder / "randomisation.csv")
    assert depths.groupby(["method", "measure"])["step"].max().tolist() == [6] * 4


def test_groups_of_the_command_are_those_of_the_table():
    assert tuple(MEASURES) == GROUPS


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--boxes", "boxes.csv"], "--boxes goes with --score"),
        (["--measure", "sanity"], "--measure goes with --score"),
        (["--score", "--runtime", "openvino"], "--score takes no --precision, and of --runtime only auto and keras"),
        (["--score", "--class", "NORMAL", "--against", "PNEUMONIA"], "Leave --against out"),
        (["--score", "--method", "gradcam", "--method", "eigencam", "--coarse"], "takes --coarse (occlusion)"),
    ],
)
def test_refused(tiny_model, phantom, tmp_path, options, told, capfd):
    arguments = ["explain", str(phantom), "-m", str(tiny_model.folder), "-o", str(tmp_path / "maps"), *options]
    assert main(arguments) == 2
    assert told in capfd.readouterr().err

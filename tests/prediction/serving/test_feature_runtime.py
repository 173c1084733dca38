"""Features by OpenVINO are those of Keras, and cost no TensorFlow."""

import shutil

import keras
import numpy as np
import pandas as pd
import pytest

from keras_cxr.cli import main
from keras_cxr.errors import CxrError
from keras_cxr.models.embedding import default_layer, embedding
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.serving.feature_runtime import feature_runtime
from keras_cxr.prediction.serving.material import stored_material
from keras_cxr.prediction.serving.optimize import write_runtimes

pytest.importorskip("openvino")
PAIR = [("openvino", "float32")]


@pytest.fixture(scope="module", params=["tiny_model", "frozen_model"])
def served(request, tmp_path_factory):
    """A copy of a model, without a backbone and with one, that has OpenVINO's file."""
    model = request.getfixturevalue(request.param)
    folder = tmp_path_factory.mktemp("served") / "model"
    shutil.copytree(model.folder, folder)
    write_runtimes(open_model(folder), PAIR, stored_material(open_model(folder)))
    return open_model(folder)


def test_features_and_logits_are_keras(served):
    size = served.card.preprocessing["size"]
    films = np.random.default_rng(0).integers(0, 256, (5, size, size, 1), np.uint8)
    found = feature_runtime(served, "openvino")
    network = keras.models.load_model(served.folder / "model.keras", compile=False)
    vectors, logits = embedding(network, default_layer(network))(films)
    ours, outcome = found(films)
    np.testing.assert_allclose(ours, vectors, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outcome, logits, rtol=1e-4, atol=1e-4)


def test_command(served, phantom, tmp_path, without_tensorflow):
    films = str(phantom / "known_images")
    command = ["embed", films, "-m", str(served.folder), "--no-figures"]
    done = without_tensorflow(*command, "-o", tmp_path / "fast", "--runtime", "openvino")
    assert done.returncode == 0, done.stderr
    assert "Runtime: openvino float32" in done.stderr
    assert main([*command, "-o", str(tmp_path / "keras"), "--runtime", "keras", "--no-feature-cache"]) == 0
    ours, theirs = (np.load(tmp_path / name / "embeddings.npy") for name in ("fast", "keras"))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    tables = [pd.read_csv(tmp_path / name / "films.csv", keep_default_na=False) for name in ("fast", "keras")]
    pd.testing.assert_frame_equal(*tables)


def test_what_gives_no_features(served, tiny_model, tmp_path, capfd):
    assert feature_runtime(tiny_model) is None
    with pytest.raises(CxrError, match="no files for faster runtimes"):
        feature_runtime(tiny_model, "openvino")
    told = ["embed", str(tmp_path), "-m", str(served.folder), "--layer", "c1", "--runtime", "openvino"]
    (tmp_path / "film.png").write_bytes(b"")
    assert main(told) == 2
    assert "'--layer' option needs --runtime keras" in capfd.readouterr().err

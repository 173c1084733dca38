"""What a training leaves for prediction without TensorFlow."""

import numpy as np
import pandas as pd
import pytest
from trainings import TINY

from keras_cxr.cli import main
from keras_cxr.data.source import read_dataset
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.serving.material import CALIBRATION, stored_material
from keras_cxr.prediction.serving.runtime_record import read_record
from keras_cxr.training import runtimes as module
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import prepare
from keras_cxr.training.runtimes import decoded_films, write_default_runtime
from keras_cxr.training.train import train

pytest.importorskip("openvino")


class Notes(Monitor):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


@pytest.fixture(scope="module")
def trained(phantom, tmp_path_factory):
    """The smallest network with what ``train`` writes by itself. Not to be written to."""
    monitor = Notes()
    model = train(read_dataset(phantom), TINY, tmp_path_factory.mktemp("models") / "tiny", monitor)
    assert not [note for note in monitor.notes if "Keras" in note]
    return model


def test_a_new_model_labels_films_without_tensorflow(trained, phantom, tmp_path, without_tensorflow):
    films = str(phantom / "unknown_images")
    command = ["predict", films, "-m", str(trained.folder), "-o"]
    done = without_tensorflow(*command, tmp_path / "fast.csv")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Runtime: openvino")
    assert len(done.stderr.splitlines()) == 1
    assert main([*command, str(tmp_path / "keras.csv"), "--runtime", "keras"]) == 0
    fast, slow = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("fast", "keras"))
    pd.testing.assert_frame_equal(fast, slow, check_exact=False, rtol=0, atol=0.01)


def test_it_is_judged_by_the_films_of_the_training(trained, phantom):
    record = read_record(trained.folder / "runtimes")
    assert {entry.precision for entry in record.entries} <= {"float32", "bfloat16"}
    assert record.entries[1].name == "openvino float32"
    assert record.films == "training and validation films"
    films, stored = decoded_films(prepare(read_dataset(phantom), TINY, Monitor())), stored_material(trained)
    for part in ("calibration", "validation", "targets", "reference"):
        np.testing.assert_array_equal(getattr(films, part), getattr(stored, part))


def test_a_large_data_set_does_not_wait(phantom, monkeypatch):
    monkeypatch.setattr(module, "MOST", 4)
    films = decoded_films(prepare(read_dataset(phantom), TINY, Monitor()))
    assert len(films.validation) == len(films.targets) == 4
    assert set(films.targets) == {0, 1}
    assert len(films.calibration) <= CALIBRATION


def fails(*_):
    raise RuntimeError("no such\noperation")


FAULTS = {
    "the converter fails": ("keras_cxr.prediction.serving.runtimes.openvino.export", fails, "no such operation"),
    "the folder cannot be written": ("keras_cxr.training.runtimes.write_runtimes", fails, "no such operation"),
    "openvino is missing": ("importlib.util.find_spec", lambda name: None, "pip install openvino"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_note(fault, trained, phantom, tmp_path, monkeypatch):
    place, stand_in, said = FAULTS[fault]
    data, monitor = prepare(read_dataset(phantom), TINY, Monitor()), Notes()
    (tmp_path / "tiny").mkdir()
    for name in ("card.json", "model.keras"):
        (tmp_path / "tiny" / name).write_bytes((trained.folder / name).read_bytes())
    monkeypatch.setattr(place, stand_in)
    write_default_runtime(open_model(tmp_path / "tiny"), lambda: decoded_films(data), monitor)
    assert len(monitor.notes) == 1
    assert said in monitor.notes[0]
    assert f"'keras-cxr optimize {tmp_path / 'tiny'}' tries again" in monitor.notes[0]
    assert len(monitor.notes[0].splitlines()) == 1

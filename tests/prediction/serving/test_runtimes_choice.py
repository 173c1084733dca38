"""Which runtime serves a saved model, and when none may: files that are stale, damaged, wrong or of no use here."""

import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.serving import choose as module
from keras_cxr.prediction.serving.agreement import compare, validation_auroc
from keras_cxr.prediction.serving.choose import choose
from keras_cxr.prediction.serving.material import material, stored_material
from keras_cxr.prediction.serving.optimize import combinations, write_runtimes
from keras_cxr.prediction.serving.runtime_record import read_record, read_reference

pytest.importorskip("openvino")
PAIR = [("openvino", "float32")]


@pytest.fixture(scope="module")
def served(tiny_model, tmp_path_factory):
    """The tiny model with a float32 file of OpenVINO. Not to be written to."""
    folder = tmp_path_factory.mktemp("served") / "tiny"
    shutil.copytree(tiny_model.folder, folder)
    model = open_model(folder)
    write_runtimes(model, PAIR, stored_material(model))
    return model


@pytest.fixture
def model(served, tmp_path):
    shutil.copytree(served.folder, tmp_path / "tiny")
    edit(tmp_path / "tiny", lambda record: record["entries"][0].update(films_per_second=1.0))
    return open_model(tmp_path / "tiny")


def edit(folder, change):
    file = folder / "runtimes" / "runtimes.json"
    record = json.loads(file.read_text())
    change(record)
    file.write_text(json.dumps(record))


def films(model):
    size = model.card.preprocessing["size"]
    return np.random.default_rng(1).integers(0, 256, (5, size, size, 1), dtype=np.uint8)


@pytest.mark.parametrize(
    "asked", [("auto", "auto"), ("openvino", "auto"), ("openvino", "float32"), ("auto", "float32")]
)
def test_the_file_gives_the_probabilities_of_keras(asked, model):
    choice = choose(model, *asked)
    assert (choice.name, choice.note) == ("openvino float32", "")
    network = keras.models.load_model(model.folder / "model.keras", compile=False)
    p = network.predict(films(model).astype("float32"), verbose=0)
    np.testing.assert_allclose(probabilities(choice.run(films(model)))[:, 1:], p, atol=1e-5)


def other_network(folder):
    network = keras.models.load_model(folder / "model.keras", compile=False)
    network.get_layer("logits").bias.assign_add([3.0])
    network.save(folder / "model.keras")


def shifted(folder):
    """A file of another network under the record of this one."""
    before = (folder / "model.keras").read_bytes()
    record = (folder / "runtimes" / "runtimes.json").read_bytes()
    reference = (folder / "runtimes" / "reference.npz").read_bytes()
    other_network(folder)
    write_runtimes(open_model(folder), PAIR, stored_material(open_model(folder)))
    (folder / "model.keras").write_bytes(before)
    (folder / "runtimes" / "runtimes.json").write_bytes(record)
    (folder / "runtimes" / "reference.npz").write_bytes(reference)


FAULTS = {
    "no files": (lambda folder: shutil.rmtree(folder / "runtimes"), "has no files for faster runtimes"),
    "another model.keras": (other_network, "were made from another model.keras"),
    "a damaged record": (lambda folder: (folder / "runtimes/runtimes.json").write_text("{"), "has no files"),
    "a newer record": (lambda folder: edit(folder, lambda record: record.update(form=99)), "has no files"),
    "no reference": (lambda folder: (folder / "runtimes/reference.npz").unlink(), "reference films"),
    "a damaged reference": (lambda folder: (folder / "runtimes/reference.npz").write_bytes(b"PK"), "reference films"),
    "a missing file": (lambda folder: (folder / "runtimes/openvino.xml").unlink(), "cannot be loaded"),
    "a damaged file": (lambda folder: (folder / "runtimes/openvino.xml").write_text("<"), "cannot be loaded"),
    "a file that answers otherwise": (shifted, "disagrees with Keras here"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_does_not_fit_is_not_used(fault, model):
    make, said = FAULTS[fault]
    make(model.folder)
    choice = choose(model)
    assert (choice.name, choice.run) == ("keras", None)
    assert choice.note.startswith("Keras is used: ")
    assert said in choice.note
    assert len(choice.note.splitlines()) == 1
    with pytest.raises(CxrError, match=said):
        choose(model, "openvino")


def test_a_missing_package_is_named(model, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install openvino" in choose(model).note
    with pytest.raises(CxrError, match="pip install openvino"):
        choose(model, "openvino")


def test_auto_takes_the_fastest_that_it_may(model, monkeypatch):
    record = read_record(model.folder / "runtimes")
    slow, fast = record.entries
    int8 = dataclasses.replace(fast, precision="int8", films_per_second=1e9, auto=False)

    def order(runtime="auto", precision="auto"):
        chosen = module._candidates(dataclasses.replace(record, entries=[slow, fast, int8]), runtime, precision)
        return [entry.name for entry in chosen]

    monkeypatch.setattr(module, "_gpu_here", lambda: False)
    assert order() == ["openvino float32", "keras float32"]
    assert order(precision="int8") == ["openvino int8"]
    assert order("litert") == []
    # However fast a tiny network is, TensorFlow takes seconds to load.
    slow.films_per_second, fast.films_per_second = 1e8, 1000.0
    assert order() == ["openvino float32", "keras float32"]
    fast.films_per_second = 100.0
    assert order() == ["keras float32", "openvino float32"]
    slow.films_per_second = 1.0
    monkeypatch.setattr(module, "_gpu_here", lambda: True)
    assert order() == ["keras float32", "openvino float32"]


@pytest.mark.parametrize(
    ("asked", "kind", "said"),
    [
        (("keras", "int8"), UsageError, "must be one of auto, float32. Received: int8"),
        (("auto", "float8"), UsageError, "Received: float8"),
        (("opnvino", "auto"), UsageError, "Did you mean 'openvino'"),
        (("litert", "auto"), CxrError, "No file for litert in runtimes/; write it"),
        (("auto", "int8"), CxrError, "No file for int8"),
    ],
)
def test_what_cannot_be_had_is_told(asked, kind, said, model):
    with pytest.raises(kind, match=said):
        choose(model, *asked)


def test_the_record_holds_what_was_measured(served):
    record = read_record(served.folder / "runtimes")
    assert [entry.name for entry in record.entries] == ["keras float32", "openvino float32"]
    entry = record.entries[1]
    assert entry.auto
    assert entry.labels_agree == 1
    assert entry.largest_difference < 1e-4
    assert entry.auroc_before == pytest.approx(entry.auroc_after, abs=1e-6)
    score = next(row for row in served.card.scores if row["metric"] == "AUROC")
    assert entry.auroc_before == pytest.approx(score["value"], abs=1e-6)
    assert record.films == "training and validation films"
    reference, logits = read_reference(served.folder / "runtimes")
    assert len(reference) >= 16
    network = keras.models.load_model(served.folder / "model.keras", compile=False)
    p = network.predict(reference.astype("float32"), verbose=0)
    np.testing.assert_allclose(probabilities(logits)[:, 1:], p, atol=1e-5)


def test_without_its_films_no_int8_or_bfloat16(served, tmp_path):
    shutil.copytree(served.folder, tmp_path / "tiny")
    model = open_model(tmp_path / "tiny")
    model.card.data["folder"] = str(tmp_path / "gone")
    found = stored_material(model)
    assert found.source.startswith("none (those in")
    assert len(found.reference) >= 16
    pairs = [("openvino", precision) for precision in ("float32", "bfloat16", "int8")]
    record = write_runtimes(model, pairs, found)
    assert [entry.name for entry in record.entries] == ["keras float32", "openvino float32"]
    assert len(record.refused) == 2
    assert all("judged by the model's own films" in line for line in record.refused)


@pytest.mark.parametrize("precision", ["bfloat16", "int8"])
def test_a_precision_that_changes_labels_is_removed(precision, served, tmp_path, monkeypatch):
    from keras_cxr.prediction.serving.runtimes import openvino

    if openvino.exportable("int8"):
        pytest.skip(openvino.exportable("int8"))
    shutil.copytree(served.folder, tmp_path / "tiny")
    model, honest = open_model(tmp_path / "tiny"), openvino.load

    def reversed_load(folder, precision, size):
        run = honest(folder, precision, size)
        return run if precision == "float32" else lambda films: -run(films)

    monkeypatch.setattr(openvino, "load", reversed_load)
    record = write_runtimes(model, [("openvino", precision)], stored_material(model))
    assert [entry.name for entry in record.entries] == ["keras float32", "openvino float32"]
    assert "is not kept" in record.refused[0]
    assert "validation AUROC" in record.refused[0]
    assert not list((model.folder / "runtimes").glob("*int8*"))
    assert choose(model, "openvino").run is not None


def test_an_unfinished_run_leaves_what_was_there(served, tmp_path, monkeypatch):
    shutil.copytree(served.folder, tmp_path / "tiny")
    model = open_model(tmp_path / "tiny")
    before = {path.name: path.read_bytes() for path in (model.folder / "runtimes").iterdir()}
    found = stored_material(model)
    monkeypatch.setattr(
        "keras_cxr.prediction.serving.optimize.write_json", lambda *_: (_ for _ in ()).throw(OSError("full"))
    )
    with pytest.raises(OSError, match="full"):
        write_runtimes(model, PAIR, found)
    assert {path.name: path.read_bytes() for path in (model.folder / "runtimes").iterdir()} == before
    assert not list(model.folder.glob(".runtimes*"))


def test_a_converter_that_fails_is_a_line(served, tmp_path, monkeypatch):
    from keras_cxr.prediction.serving.runtimes import openvino

    shutil.copytree(served.folder, tmp_path / "tiny")
    model = open_model(tmp_path / "tiny")

    def fail(*_):
        raise RuntimeError("no such\noperation")

    monkeypatch.setattr(openvino, "export", fail)
    record = write_runtimes(model, PAIR, stored_material(model))
    assert record.refused == ["openvino float32 is not written: no such operation"]
    assert [entry.name for entry in record.entries] == ["keras float32"]


@pytest.mark.parametrize(
    ("threshold", "others", "labels", "difference"),
    [
        (0.5, [[-1.0], [1.0]], 1.0, 0.0),
        (0.5, [[1.0], [1.0]], 0.5, 1 / (1 + np.exp(-1)) - 1 / (1 + np.exp(1))),
        (None, [[np.nan], [1.0]], 0.0, np.inf),
        (0.5, [[-1.0, 1.0], [1.0, 1.0]], 0.0, np.inf),
    ],
)
def test_agreement(threshold, others, labels, difference, with_card):
    card = with_card(threshold=threshold, temperature=1.0).card
    near = compare(card, np.array([[-1.0], [1.0]]), np.array(others))
    assert (near.labels, near.difference) == (labels, pytest.approx(difference))


def test_validation_auroc_of_three_classes_is_the_mean_against_the_rest(with_card):
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    logits, targets = rng.normal(size=(60, 3)), rng.integers(0, 3, 60)
    card = with_card(classes=["a", "b", "c"], temperature=2.0).card
    expected = roc_auc_score(targets, probabilities(logits, 2.0), multi_class="ovr")
    assert validation_auroc(card, logits, targets) == pytest.approx(expected)
    assert validation_auroc(card, logits[:0], targets[:0]) is None
    assert validation_auroc(with_card().card, logits[:, :1], np.zeros(60, int)) is None


def test_reference_films_are_drawn():
    """They go with the model wherever it goes."""
    patients = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 1), np.uint8)
    others = material(patients[:0], patients[:0], np.empty(0, int))
    found = material(patients, patients, np.zeros(3, int))
    assert found.reference.shape == (32, 64, 64, 1)
    assert np.array_equal(found.reference, others.reference)
    assert len(np.unique(found.reference, axis=0)) == 32


def test_combinations(monkeypatch):
    assert ("openvino", "float32") in combinations("openvino")[0]
    with pytest.raises(UsageError, match=r"must be one of float32, int8\. Received: bfloat16"):
        combinations("litert", "bfloat16")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    pairs, reasons = combinations()
    assert pairs == []
    assert all("pip install" in reason for reason in reasons)

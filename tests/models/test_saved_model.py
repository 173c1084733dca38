"""The saved-model folder: read again, read by plain Keras, and refused where it is not whole."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from keras_cxr.errors import CxrError
from keras_cxr.models.saved_model import finished_models, newest_model, open_model, write_card

PLAIN_KERAS = """
import sys
import keras, numpy as np
network = keras.models.load_model(sys.argv[1], compile=False)
np.save(sys.argv[3], network.predict(np.load(sys.argv[2]), verbose=0))
assert not any(name.startswith("keras_cxr") for name in sys.modules)
"""


@pytest.fixture
def copy(tiny_model, tmp_path):
    """A copy of the saved model that may be damaged."""
    return shutil.copytree(tiny_model.folder, tmp_path / "copy")


def edit(folder, change):
    content = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    change(content)
    (folder / "card.json").write_text(json.dumps(content), encoding="utf-8")


def test_card_is_read_as_it_was_written(tiny_model, tmp_path):
    card = dataclasses.replace(tiny_model.card, classes=["gesund", "Lungenentzündung 肺炎"], threshold=0.1 + 0.2)
    write_card(tmp_path, card)
    assert open_model(tmp_path).card == card
    assert open_model(str(tmp_path)).folder == tmp_path


def test_plain_keras_loads_the_network(tiny_model, tmp_path):
    films = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 1)).astype("float32")
    np.save(tmp_path / "films.npy", films)
    files = [tiny_model.folder / "model.keras", tmp_path / "films.npy", tmp_path / "p.npy"]
    done = subprocess.run([sys.executable, "-c", PLAIN_KERAS, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    p = tiny_model.network()(films, training=False).numpy()
    assert p.shape == (4, 1)
    assert np.allclose(np.load(tmp_path / "p.npy"), p, atol=1e-6)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: shutil.rmtree(folder), "does not exist"),
        (lambda folder: (folder / "card.json").unlink(), "finish it with --resume"),
        (lambda folder: [(folder / name).unlink() for name in ("card.json", "recipe.yaml")], "has no card.json"),
        (lambda folder: (folder / "card.json").write_text(""), "is damaged"),
        (lambda folder: (folder / "card.json").write_text('{"card_version": 1, "name"'), "is damaged"),
        (lambda folder: (folder / "card.json").write_text('{"card_version": 1}'), "is damaged"),
        (lambda folder: (folder / "card.json").write_text("[1, 2]"), "is damaged"),
        (lambda folder: (folder / "card.json").write_bytes(b"\xff\xfe\x00"), "is damaged"),
        (lambda folder: edit(folder, lambda card: card.pop("classes")), "is damaged"),
        (lambda folder: edit(folder, lambda card: card.update(card_version="two")), "is damaged"),
        (lambda folder: edit(folder, lambda card: card.update(card_version=99)), "card of form 99.*Upgrade keras-cxr"),
    ],
)
def test_what_is_no_saved_model(copy, damage, told):
    damage(copy)
    with pytest.raises(CxrError, match=told) as fault:
        open_model(copy)
    assert "\n" not in str(fault.value)
    assert str(copy) in str(fault.value)


def test_keys_of_later_versions_are_passed_over(copy, tiny_model):
    edit(copy, lambda card: card.update(colour="green"))
    assert open_model(copy).card == tiny_model.card


def first_half(file):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda file: file.unlink(), "has no model.keras"),
        (lambda file: file.write_bytes(b""), "cannot be loaded"),
        (lambda file: file.write_bytes(os.urandom(5000)), "cannot be loaded"),
        (first_half, "cannot be loaded"),
        (lambda file: shutil.make_archive(str(file.with_suffix("")), "zip", file.parent / "figures"), None),
    ],
)
def test_damaged_network(copy, damage, told):
    file = copy / "model.keras"
    damage(file)
    if told is None:
        shutil.move(file.with_suffix(".zip"), file)
    model = open_model(copy)
    with pytest.raises(CxrError, match=told or "cannot be loaded") as fault:
        model.network()
    assert "\n" not in str(fault.value)


def test_newest(copy, tiny_model, tmp_path):
    for number, name in enumerate(("b", "a", "c")):
        shutil.copytree(tiny_model.folder, tmp_path / "models" / name)
        os.utime(tmp_path / "models" / name / "card.json", (number, number))
    (tmp_path / "models" / "c" / "card.json").unlink()
    (tmp_path / "models" / "file").write_text("no model")
    (tmp_path / "models" / "damaged").mkdir()
    (tmp_path / "models" / "damaged" / "card.json").write_bytes(b"\xff")
    assert [folder.name for folder in finished_models(tmp_path / "models")] == ["a", "b"]
    assert newest_model(tmp_path / "models").folder == tmp_path / "models" / "a"


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_no_model(tmp_path, name):
    (tmp_path / "empty").mkdir()
    assert finished_models(tmp_path / name) == []
    with pytest.raises(CxrError, match=r"No trained model.*keras-cxr train"):
        newest_model(tmp_path / name)

"""A checkpoint holds what was saved, whatever moment it was cut off at."""

import json

import keras
import numpy as np
import pytest

from keras_cxr.training.checkpoint import Checkpoint


def row(epoch, auroc):
    return {"epoch": epoch, "phase": "train", "val_loss": 1 / 3, "val_auroc": auroc}


def variables(value):
    return [keras.Variable(np.full((2, 3), value, "float32")), keras.Variable(np.uint32([value, 7]), dtype="uint32")]


def saved(folder, aurocs):
    checkpoint = Checkpoint(folder)
    for epoch, auroc in enumerate(aurocs, 1):
        checkpoint.save(row(epoch, auroc), variables(epoch))
    return checkpoint


def test_last_and_best_are_kept(tmp_path):
    saved(tmp_path, [0.5, 0.9, 0.7, 0.8])
    assert sorted(file.name for file in tmp_path.iterdir()) == ["epoch-0002.npz", "epoch-0004.npz", "state.json"]
    again = Checkpoint(tmp_path)
    assert again.history == [row(epoch, auroc) for epoch, auroc in enumerate([0.5, 0.9, 0.7, 0.8], 1)]
    for epoch in (2, 4):
        state = variables(0)
        again.restore(epoch, state)
        assert all(np.array_equal(*pair) for pair in zip(state, variables(epoch), strict=True))


def test_leading_variables_alone_can_be_restored(tmp_path):
    checkpoint, state = saved(tmp_path, [0.5]), variables(0)
    checkpoint.restore(1, state[:1])
    assert np.array_equal(state[0], np.ones((2, 3)))
    assert np.array_equal(state[1], [0, 7])


def test_cut_off_between_weights_and_state(tmp_path, monkeypatch):
    saved(tmp_path, [0.5, 0.9])

    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("keras_cxr.training.checkpoint.write_json", cut)
        with pytest.raises(KeyboardInterrupt):
            Checkpoint(tmp_path).save(row(3, 0.95), variables(3))
    again = Checkpoint(tmp_path)
    assert [one["epoch"] for one in again.history] == [1, 2]
    again.restore(2, variables(0))
    again.save(row(3, 0.95), variables(3))
    assert sorted(file.name for file in tmp_path.glob("*.npz")) == ["epoch-0003.npz"]


def test_nothing_there(tmp_path):
    checkpoint = Checkpoint(tmp_path / "none")
    assert checkpoint.history == []
    assert not (tmp_path / "none").exists()
    checkpoint.remove()


def test_remove(tmp_path):
    saved(tmp_path / "state", [0.5]).remove()
    assert not (tmp_path / "state").exists()


def test_history_keeps_every_digit(tmp_path):
    value = float(np.nextafter(0.1, 1))
    saved(tmp_path, [value])
    assert json.loads((tmp_path / "state.json").read_text())["history"][0]["val_auroc"] == value

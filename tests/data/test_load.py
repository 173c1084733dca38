import hashlib
import pathlib

import cv2
import numpy as np
import pandas as pd
import pytest

from keras_cxr.data import load
from keras_cxr.data.load import load_films
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import Dataset, dataset_table
from keras_cxr.errors import CxrError


@pytest.fixture
def dataset(tmp_path):
    """Twelve films, 10 to 30 wide, whose gray level is their number; numbers 0, 4 and 8 cannot be read."""
    rows = []
    for number in range(12):
        path = tmp_path / "films" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        if number % 4:
            cv2.imwrite(str(path), np.full((40 + number, 40), number, np.uint8))
        else:
            path.write_bytes(b"no film" * number)
        rows.append({"path": str(path), "label": "AB"[number % 2], "patient": f"p{number}", "split": "train"})
    return Dataset(tmp_path, dataset_table(rows), "made up")


@pytest.mark.parametrize("limit", [load.MEMORY_LIMIT, 0])
def test_unreadable_films_leave_the_table_and_the_others_keep_their_order(dataset, monkeypatch, limit):
    monkeypatch.setattr(load, "MEMORY_LIMIT", limit)
    before, steps = dataset.table.copy(), []
    pixels = load_films(dataset, Preprocessing(32, "squeeze"), steps.append)
    kept = [number for number in range(12) if number % 4]
    assert isinstance(pixels, np.memmap) is (limit == 0)
    assert (pixels.shape, pixels.dtype) == ((9, 32, 32), np.uint8)
    assert list(pixels[:, 7, 7]) == kept
    table = dataset.table
    pd.testing.assert_frame_equal(table[list(before.columns)], before.iloc[kept].reset_index(drop=True))
    assert list(table["width"]) == [40] * 9
    assert list(table["height"]) == [40 + number for number in kept]
    assert table["width"].dtype == table["height"].dtype == np.int64
    digests = [hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() for path in table["path"]]
    assert list(table["sha256"]) == digests
    assert sum(steps) == 12
    (note,) = dataset.notes
    assert note.startswith("3 of 12 films cannot be read and are left out: films/0.png: the file is empty (0 bytes); ")
    assert "films/8.png: is not a JPEG" in note


def test_many_faults_are_cut_short(dataset):
    for path in dataset.table["path"][:9]:
        pathlib.Path(path).unlink(missing_ok=True)
    load_films(dataset, Preprocessing(32))
    assert dataset.notes[0].startswith("9 of 12 films cannot be read")
    assert dataset.notes[0].count("cannot be read: No such file or directory") == 5
    assert dataset.notes[0].endswith(" …")


def test_no_film_can_be_read(dataset):
    dataset.table = dataset.table.iloc[::4].reset_index(drop=True)
    with pytest.raises(CxrError, match=r"None of the 3 films can be read\. First: films/0\.png: the file is empty"):
        load_films(dataset, Preprocessing(32))

import cv2
import numpy as np
import pytest

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError


@pytest.fixture
def data(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/3.png"):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "set" / name), np.zeros((20, 20), np.uint8))
    return tmp_path / "set"


def left(data, text):
    file = data.parent / "exclude.csv"
    file.write_text(text.replace("ROOT", str(data)))
    dataset = read_dataset(data, LabelOptions(exclude=file))
    assert list(dataset.table.index) == list(range(len(dataset.table)))
    return sorted(path.removeprefix(f"{data}/") for path in dataset.table["path"]), dataset.notes


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("image\na/1.png\n", {"a/1.png"}),
        ("image,reason\na/1.png,blank\nb/3.png,\n", {"a/1.png", "b/3.png"}),
        ("path\nROOT/a/1.png\n", {"a/1.png"}),
        ("image\na\\1.png\n", {"a/1.png"}),
        ("image\n1.png\n", set()),
        ("image\n", set()),
        ("dataset,image\nelsewhere,a/1.png\n", {"a/1.png"}),  # one data set that was moved since
        ("dataset,image\nelsewhere,a/1.png\nset,a/2.png\nROOT,b/1.png\n", {"a/2.png", "b/1.png"}),
    ],
)
def test_listed_films_leave_the_table(data, text, out):
    films, notes = left(data, text)
    assert films == sorted({"a/1.png", "a/2.png", "b/1.png", "b/3.png"} - out)
    assert any(note.startswith(f"{len(out)} of 4 films are left out by --exclude") for note in notes)


def test_unknown_names_are_counted(data):
    _, notes = left(data, "image\na/1.png\na/7.png\nc/1.png\n")
    assert any(note.startswith("2 films that --exclude lists are not in") and "a/7.png" in note for note in notes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name\na/1.png\n", "lacks a column 'image'. It has: name"),
        ("image\na/1.png\na/2.png\nb/1.png\nb/3.png\n", "leaves no film"),
    ],
)
def test_errors(data, text, said):
    with pytest.raises(CxrError, match=said):
        left(data, text)
    with pytest.raises(CxrError, match="list of films to exclude"):
        read_dataset(data, LabelOptions(exclude=data / "no.csv"))

"""A folder of unknown films to a CSV file: read back as a user reads it, and held against Keras and Pillow."""

import csv
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from keras_cxr.errors import CxrError
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.predict import predict

COLUMNS = ["image", "label", "probability", "p_NORMAL", "p_PNEUMONIA", "error"]
# In natural order.
NAMES = [
    "1.png",
    "2.PNG",
    "10.png",
    "a,b.png",
    os.fsdecode(b"latin1-\xe9.png"),
    "new\nline.png",
    'quo"te "twice".png',
    "space at the end .png",
    "sub folder/1.png",
    "sub folder/deeper/2.png",
    "wörter 肺炎.png",
]
BROKEN = {"empty.jpg": b"", "text.png": b"This is no film.", "half.png": None}


class Killed(BaseException):
    pass


def read(file):
    return pd.read_csv(file, dtype=str, keep_default_na=False, encoding_errors="surrogateescape", lineterminator="\n")


@pytest.fixture(scope="module")
def odd_names(tmp_path_factory, write_films):
    return write_films(tmp_path_factory.mktemp("odd"), NAMES)


def test_every_name_comes_back(tiny_model, odd_names, positive, tmp_path):
    summary = predict(tiny_model, odd_names, tmp_path / "preds.csv")
    table = read(tmp_path / "preds.csv")
    assert list(table.columns) == COLUMNS
    assert list(table["image"]) == NAMES
    assert table["p_PNEUMONIA"].astype(float).to_numpy() == pytest.approx(
        positive([odd_names / name for name in NAMES], tiny_model.card.temperature), abs=1e-6
    )
    with open(tmp_path / "preds.csv", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        assert [row["image"] for row in csv.DictReader(stream)] == NAMES
    assert summary.files == summary.labels.total() == len(NAMES)
    assert not list(tmp_path.glob("*.partial"))
    assert sorted(os.listdir(tmp_path)) == ["preds.csv"]


@pytest.mark.parametrize("temperature", [0.5, 3.0])
@pytest.mark.parametrize("share", [0.25, 0.75])
def test_temperature_and_threshold(with_card, odd_names, positive, tmp_path, temperature, share):
    p = positive([odd_names / name for name in NAMES], temperature)
    threshold = float(np.quantile(p, share))
    predict(with_card(temperature=temperature, threshold=threshold), odd_names, tmp_path / "p.csv")
    table = read(tmp_path / "p.csv")
    got = table[["probability", "p_NORMAL", "p_PNEUMONIA"]].astype(float)
    assert got["p_PNEUMONIA"].to_numpy() == pytest.approx(p, abs=1e-6)
    assert got["p_NORMAL"].to_numpy() == pytest.approx(1 - p, abs=1e-6)
    sick = p >= threshold
    assert 0 < sick.sum() < len(p)
    assert list(table["label"]) == list(np.where(sick, "PNEUMONIA", "NORMAL"))
    assert got["probability"].to_numpy() == pytest.approx(np.where(sick, p, 1 - p), abs=1e-6)


@pytest.fixture
def with_broken(odd_names, tmp_path):
    """Good films, broken ones, and files that are no films at all."""
    folder = tmp_path / "films"
    folder.mkdir()
    for name in ("1.png", "10.png"):
        shutil.copy(odd_names / name, folder / name)
    for name, content in BROKEN.items():
        whole = (odd_names / "1.png").read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2] if content is None else content)
    for name in ("notes.txt", ".hidden.png", "preds.csv"):
        (folder / name).write_text("no film")
    return folder


def test_one_row_a_file_failures_included(tiny_model, with_broken, tmp_path):
    told = []
    summary = predict(tiny_model, with_broken, tmp_path / "p.csv", advance=told.append)
    table = read(tmp_path / "p.csv").set_index("image")
    assert list(table.index) == ["1.png", "10.png", "empty.jpg", "half.png", "text.png"]
    failed = table.loc[sorted(BROKEN)]
    assert (failed["error"].str.len() > 10).all()
    assert not failed["error"].str.contains("\n").any()
    assert (failed[COLUMNS[1:-1]] == "").all(axis=None)
    assert (table.loc[["1.png", "10.png"], "error"] == "").all()
    assert dict(summary.failures) == failed["error"].to_dict()
    assert (summary.files, summary.labels.total(), summary.skipped, sum(told)) == (5, 2, 0, 5)


def test_broken_films_alone(tiny_model, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "1.png").write_bytes(b"")
    summary = predict(tiny_model, tmp_path / "films", tmp_path / "p.csv")
    assert (summary.files, len(summary.failures)) == (1, 1)
    assert len(read(tmp_path / "p.csv")) == 1


def test_single_film(tiny_model, odd_names, positive, tmp_path):
    predict(tiny_model, odd_names / "sub folder" / "1.png", tmp_path / "new folder" / "p.csv")
    table = read(tmp_path / "new folder" / "p.csv")
    assert list(table["image"]) == ["1.png"]
    expected = positive([odd_names / "sub folder" / "1.png"], tiny_model.card.temperature)
    assert table["p_PNEUMONIA"].astype(float).to_numpy() == pytest.approx(expected, abs=1e-6)


def test_relative_paths(tiny_model, odd_names, tmp_path, monkeypatch):
    monkeypatch.chdir(odd_names / "sub folder")
    predict(tiny_model, ".", tmp_path / "p.csv")
    assert list(read(tmp_path / "p.csv")["image"]) == ["1.png", "deeper/2.png"]


MANY = [f"{number}.png" for number in range(1, 41)]


@pytest.fixture(scope="module")
def many(tmp_path_factory, write_films):
    """More films than are labelled at a time, one with a line break in its name."""
    return write_films(tmp_path_factory.mktemp("many"), [*MANY[:-1], "99\nlast.png"])


@pytest.fixture(scope="module")
def unbroken(many, tiny_model, tmp_path_factory):
    file = tmp_path_factory.mktemp("unbroken") / "p.csv"
    predict(tiny_model, many, file)
    return file


def same(file, expected):
    one, other = read(file), read(expected)
    numbers = ["probability", "p_NORMAL", "p_PNEUMONIA"]
    assert one.drop(columns=numbers).equals(other.drop(columns=numbers))
    assert np.allclose(one[numbers].astype(float), other[numbers].astype(float), atol=1e-6, rtol=0)


def test_stopped_and_resumed(tiny_model, many, unbroken, tmp_path):
    def stop(films):
        raise Killed

    with pytest.raises(Killed):
        predict(tiny_model, many, tmp_path / "p.csv", advance=stop)
    assert not (tmp_path / "p.csv").exists()
    told = []
    summary = predict(tiny_model, many, tmp_path / "p.csv", resume=True, advance=told.append)
    assert (summary.skipped, summary.files, sum(told)) == (32, 8, 8)
    same(tmp_path / "p.csv", unbroken)
    assert os.listdir(tmp_path) == ["p.csv"]


def torn(text, rows, more):
    """The header, some rows and ``more`` characters of the next."""
    lines = text.splitlines(keepends=True)
    return "".join(lines[: rows + 1]) + lines[rows + 1][:more]


@pytest.mark.parametrize(
    ("cut", "left"),
    [
        (lambda text: torn(text, 5, 4), 5),
        (lambda text: torn(text, 0, 3), 0),
        (lambda text: text[:7], 0),
        (lambda text: "", 0),
        (lambda text: text[: text.index('"99\n') + 4], 39),
        (lambda text: text[: text.index('"99\n') + 8], 39),
        (lambda text: text[:-1], 39),
        (lambda text: text, 40),
    ],
)
def test_torn_file_is_resumed(tiny_model, many, unbroken, tmp_path, cut, left):
    text = unbroken.read_text(encoding="utf-8")
    (tmp_path / "p.csv.partial").write_text(cut(text), encoding="utf-8")
    assert predict(tiny_model, many, tmp_path / "p.csv", resume=True).skipped == left
    same(tmp_path / "p.csv", unbroken)


def test_kill_before_the_first_new_row_costs_none(tiny_model, many, unbroken, tmp_path, monkeypatch):
    partial = tmp_path / "p.csv.partial"
    partial.write_text(torn(unbroken.read_text(encoding="utf-8"), 20, 0), encoding="utf-8")
    before = partial.read_bytes()

    def killed(self):
        raise Killed

    monkeypatch.setattr(SavedModel, "network", killed)
    with pytest.raises(Killed):
        predict(tiny_model, many, tmp_path / "p.csv", resume=True)
    assert partial.read_bytes() == before


def test_new_films_are_added_to_finished_output(tiny_model, many, unbroken, tmp_path):
    (tmp_path / "films").mkdir()
    for name in MANY[:3]:
        shutil.copy(many / name, tmp_path / "films" / name)
    predict(tiny_model, tmp_path / "films", tmp_path / "p.csv")
    shutil.copy(many / MANY[3], tmp_path / "films" / MANY[3])
    summary = predict(tiny_model, tmp_path / "films", tmp_path / "p.csv", resume=True)
    assert (summary.skipped, summary.files) == (3, 1)
    assert list(read(tmp_path / "p.csv")["image"]) == MANY[:4]
    assert predict(tiny_model, tmp_path / "films", tmp_path / "p.csv").files == 4


@pytest.mark.parametrize("header", ["image,label,p_A,p_B,error", "image,label,probability,p_NORMAL,p_SICK,error"])
def test_rows_of_another_model_are_refused(tiny_model, many, tmp_path, header):
    content = f"{header}\n1.png,A,0.5,0.5,\n"
    (tmp_path / "p.csv").write_text(content)
    with pytest.raises(CxrError, match="other columns"):
        predict(tiny_model, many, tmp_path / "p.csv", resume=True)
    assert (tmp_path / "p.csv").read_text() == content
    assert os.listdir(tmp_path) == ["p.csv"]


@pytest.mark.parametrize(
    ("images", "told"),
    [("nothing", "does not exist"), ("empty", "No film in"), ("text", "1 .txt")],
)
def test_nothing_to_label(tiny_model, tmp_path, images, told):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "notes.txt").write_text("no film")
    with pytest.raises(CxrError, match=told) as fault:
        predict(tiny_model, tmp_path / images, tmp_path / "p.csv")
    assert "\n" not in str(fault.value)
    assert not (tmp_path / "p.csv").exists()


def test_output_is_a_folder(tiny_model, many, tmp_path):
    with pytest.raises(CxrError, match="is a folder; expected a CSV file"):
        predict(tiny_model, many, tmp_path)
    assert not os.listdir(tmp_path)

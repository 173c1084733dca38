"""An audit of a phantom folder in which everything is wrong, from the command line on."""

import pathlib
import shutil

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_cxr.cli import main
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import prepare
from keras_cxr.training.recipe import Recipe


@pytest.fixture(scope="module")
def data(phantom, tmp_path_factory):
    """The phantom's class folders, with copies, an unreadable, a blank, an inverted and a deep film."""
    folder = tmp_path_factory.mktemp("wrong") / "films"
    later = shutil.ignore_patterns("*_0[2-9].png")  # One film a patient: the phantom's are too alike otherwise.
    shutil.copytree(phantom / "known_images", folder, ignore=later)
    normal, ill = folder / "NORMAL", folder / "PNEUMONIA"
    first, second, third, fourth = sorted(normal.iterdir())[:4]
    shutil.copy(first, normal / "same.png")
    shutil.copy(second, ill / "conflict.png")
    film = cv2.imread(str(third), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(normal / "near.jpeg"), cv2.resize(film[1:-2, 2:-1], (200, 200)), [cv2.IMWRITE_JPEG_QUALITY, 60])
    cv2.imwrite(str(ill / "inverted.png"), 255 - cv2.imread(str(fourth), cv2.IMREAD_GRAYSCALE))
    cv2.imwrite(str(normal / "blank.png"), np.full((128, 128), 90, np.uint8))
    deep = cv2.imread(str(sorted(ill.glob("phantom*"))[0]), cv2.IMREAD_GRAYSCALE)[:, ::-1]
    Image.fromarray(deep.astype(np.uint16) * 16).save(ill / "deep.tiff")
    (ill / "broken.png").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def audited(data, tmp_path_factory, without_tensorflow):
    """The folder that the command wrote, and what it said."""
    output = tmp_path_factory.mktemp("audit")
    done = without_tensorflow("audit", data, "-o", output)
    assert done.returncode == 0, done.stderr
    return output, done.stdout


def split(data, options=None):
    """The data set as a training would see it."""
    return prepare(read_dataset(data, options), Recipe(size=32), Monitor()).dataset


def names(data, *films):
    return [path.relative_to(data).as_posix() for path in films]


def test_rows(data, audited):
    films = pd.read_csv(audited[0] / "audit.csv", keep_default_na=False).set_index("image")
    assert len(films) == len([path for path in data.rglob("*") if path.is_file()])
    assert films.loc["NORMAL/blank.png", "flags"] == "blank"
    assert "inverted" in films.loc["PNEUMONIA/inverted.png", "flags"]
    assert "not a JPEG" in films.loc["PNEUMONIA/broken.png", "error"]
    assert (films["flags"].str.contains("inverted")).sum() == 1
    near = films.loc["NORMAL/near.jpeg"]
    assert (near["width"], near["height"], near["file_type"], near["bits"]) == (200, 200, "JPEG", 8)
    assert tuple(films.loc["PNEUMONIA/deep.tiff", ["file_type", "bits"]]) == ("TIFF", 16)
    pixels = cv2.imread(str(data / "NORMAL/same.png"), cv2.IMREAD_GRAYSCALE)
    assert float(films.loc["NORMAL/same.png", "mean"]) == pytest.approx(pixels.mean(), abs=0.5)


def test_duplicates_and_what_to_leave_out(data, audited):
    first, second, third, _ = sorted((data / "NORMAL").glob("phantom*"))[:4]
    first, second, third = names(data, first, second, third)
    pairs = pd.read_csv(audited[0] / "duplicates.csv")
    assert {frozenset(pair) for pair in pairs[["image_first", "image_second"]].itertuples(index=False, name=None)} == {
        frozenset((first, "NORMAL/same.png")),
        frozenset((second, "PNEUMONIA/conflict.png")),
        frozenset((third, "NORMAL/near.jpeg")),
    }
    reasons = pd.read_csv(audited[0] / "exclude.csv").set_index("image")["reason"].to_dict()
    copy = {first, "NORMAL/same.png"} & set(reasons)
    assert len(copy) == 1
    assert set(reasons) - copy == {
        second,
        "PNEUMONIA/conflict.png",
        third,  # the copy of 200 pixels a side is the larger
        "NORMAL/blank.png",
        "PNEUMONIA/broken.png",
    }
    assert reasons[second].endswith("different labels (NORMAL, PNEUMONIA)")


def test_what_is_said(audited):
    output, said = audited
    for line in (
        "Cannot be read: 1 film.",
        "The same picture under different labels: 1 picture.",
        "Byte-identical to an earlier film: 2 films.",
        "The same picture in other bytes: 1 pair.",
        "Blank, one gray level nearly everywhere: 1 film.",
        "most like the negative of the others: 1 film.",
    ):
        assert line in said
    for name in ("gray_levels", "sizes", "duplicates"):
        assert {path.suffix for path in output.glob(f"{name}.*")} >= {".png", ".svg"}


def test_excluded_films_are_in_no_split_and_a_second_audit_is_clean(data, audited, tmp_path, capfd):
    listed = audited[0] / "exclude.csv"
    left = split(data, LabelOptions(exclude=listed))
    assert not set(names(data, *map(pathlib.Path, left.table["path"]))) & set(pd.read_csv(listed)["image"])
    assert set(left.table["split"]) == {"train", "val", "test"}
    assert not any("different labels" in note for note in left.notes)
    assert main(["audit", str(data), "--exclude", str(listed), "-o", str(tmp_path / "again")]) == 0
    assert "0 of" in capfd.readouterr().out
    assert pd.read_csv(tmp_path / "again" / "exclude.csv").empty


def test_train_warns_of_the_worst(data):
    assert any("1 byte-identical film has different labels" in note for note in split(data).notes)


@pytest.mark.parametrize(
    ("films", "output", "code", "said"),
    [
        (["broken.png"], "out", 1, "No film of"),
        (["conflict.png"], "films/out", 2, "must lie outside of the films' folder"),
        (["conflict.png"], "out", 0, ""),
    ],
    ids=["all broken", "output among the films", "one film"],
)
def test_small_and_wrong_folders(data, tmp_path, capfd, films, output, code, said):
    (tmp_path / "films").mkdir()
    for name in films:
        shutil.copy(data / "PNEUMONIA" / name, tmp_path / "films")
    assert main(["audit", str(tmp_path / "films"), "-o", str(tmp_path / output)]) == code
    assert said in capfd.readouterr().err


def test_two_data_sets(data, phantom, tmp_path, capfd):
    assert main(["audit", str(data), str(phantom / "unknown_images"), "-o", str(tmp_path)]) == 0
    films = pd.read_csv(tmp_path / "audit.csv", keep_default_na=False)
    assert set(films["dataset"]) == {"films", "unknown_images"}
    assert "unknown_images" in capfd.readouterr().out
    # Its films have no label, and those of the first data set keep to their own list.
    assert set(films.loc[films["dataset"] == "unknown_images", "label"]) == {""}
    assert "in more than one data set" not in (tmp_path / "exclude.csv").read_text()

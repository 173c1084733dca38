"""A training copy: its pixels and numbers, and what is refused."""

import json
import math
import pathlib
import re

import cv2
import numpy as np
import pandas as pd
import pytest
from converting import SIZES, class_folders, contents, copies, save, smooth
from PIL import Image

from keras_cxr.cli import main
from keras_cxr.data.convert import Moments, convert
from keras_cxr.data.source import read_dataset
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError


@pytest.mark.parametrize(("size", "bits"), [(64, 8), (64, 16), (32, 8), (400, 8)])
def test_copies_are_the_films_shrunk(tmp_path, size, bits):
    films = class_folders(tmp_path / "films")
    convert(read_dataset(films), tmp_path / "copy", size, bits)
    made = copies(tmp_path / "copy")
    assert set(made) == {re.sub("bmp$", "png", name) for name, *_ in SIZES}
    for name, width, height in SIZES:
        copy = made[re.sub("bmp$", "png", name)]
        own = np.asarray(Image.open(films / name))
        scale = min(1, size / max(width, height))
        assert copy.shape == (max(1, round(height * scale)), max(1, round(width * scale)))
        assert max(copy.shape) == min(size, max(width, height))
        assert copy.dtype == (np.uint8 if bits == 8 else np.uint16)
        deep = own.astype(np.uint16) * 257 if bits == 16 else own
        assert np.array_equal(copy, cv2.resize(deep, copy.shape[::-1], interpolation=cv2.INTER_AREA))
        if scale == 1:
            assert np.array_equal(copy, deep)


def test_a_large_jpeg_is_decoded_at_a_part_of_its_size(tmp_path):
    save(tmp_path / "films" / "a" / "1.jpg", smooth(640, 520))
    convert(read_dataset(tmp_path / "films"), tmp_path / "copy", 100)
    copy = copies(tmp_path / "copy")["a/1.png"]
    assert copy.shape == (81, 100)
    whole = np.asarray(Image.open(tmp_path / "films" / "a" / "1.jpg"))
    reference = cv2.resize(whole, (100, 81), interpolation=cv2.INTER_AREA)
    assert np.abs(copy.astype(int) - reference).mean() < 2


def test_an_orientation_in_the_file_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    (tmp_path / "films" / "a").mkdir(parents=True)
    Image.fromarray(smooth(90, 40)).save(tmp_path / "films" / "a" / "1.jpg", exif=exif)
    convert(read_dataset(tmp_path / "films"), tmp_path / "copy", 45)
    assert copies(tmp_path / "copy")["a/1.png"].shape == (45, 20)


def test_16_bits_keep_the_depth(dicom_film, tmp_path):
    deep = np.clip(smooth(64, 60, 4095), 0, 4095)
    films = tmp_path / "films"
    save(films / "a" / "picture.png", deep)
    elements = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    (films / "a" / "film.dcm").write_bytes(dicom_film(deep, **elements))
    for bits, levels in ((8, range(200, 257)), (16, range(1500, 4097))):
        convert(read_dataset(films), tmp_path / str(bits), 64, bits)
        for name, copy in copies(tmp_path / str(bits)).items():
            assert copy.shape == (60, 64)
            assert len(np.unique(copy)) in levels, name
    # The window of the header spans the stored values: black is 0, white is 4095.
    film = copies(tmp_path / "16")["a/film.png"].astype(float)
    assert np.abs(film - deep / 4095 * 65535).max() <= 1
    # A deep PNG has none: its 0.5 and 99.5 percentile are black and white.
    low, high = np.percentile(deep, (0.5, 99.5))
    picture = copies(tmp_path / "16")["a/picture.png"].astype(float)
    assert np.abs(picture - np.clip((deep - low) / (high - low), 0, 1) * 65535).max() <= 1


@pytest.mark.parametrize("bits", [8, 16])
def test_mean_and_deviation_are_those_of_all_copies(tmp_path, bits):
    films = class_folders(tmp_path / "films")
    save(films / "a" / "black.png", np.zeros((40, 40), np.uint8))
    done = convert(read_dataset(films), tmp_path / "copy", 48, bits)
    levels = np.concatenate([copy.ravel() for copy in copies(tmp_path / "copy").values()]).astype(np.float64)
    levels *= 255 / (2**bits - 1)
    statistics = json.loads((tmp_path / "copy" / "statistics.json").read_text(), parse_constant=pytest.fail)
    assert statistics == {
        "size": 48,
        "bits": bits,
        "mean": pytest.approx(levels.mean(), rel=1e-9),
        "deviation": pytest.approx(levels.std(), rel=1e-9),
        "films": 5,
        "unit": "gray levels 0-255",
    }
    assert (done.mean, done.deviation) == (statistics["mean"], statistics["deviation"])


def test_moments_merge_in_any_order_and_where_digits_could_cancel():
    rng = np.random.default_rng(5)
    parts = [rng.integers(65_000, 65_536, (n, 50), dtype=np.uint16) for n in (1, 40, 900, 3)]
    every = np.concatenate(parts).astype(np.float64)
    for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
        merged = sum((Moments.of(parts[part]) for part in order), Moments())
        assert merged.count == every.size
        assert merged.mean == pytest.approx(every.mean(), rel=1e-9)
        assert merged.deviation == pytest.approx(every.std(), rel=1e-9)
    assert (Moments() + Moments()).count == 0
    assert math.isnan(Moments().deviation)


def other_settings(folder, target):
    return read_dataset(folder), target, 48, 8


def other_bits(folder, target):
    return read_dataset(folder), target, 32, 16


def other_films(folder, target):
    # Films of one name in two hospitals: found as made before, they would get the other's labels.
    return read_dataset(class_folders(folder.with_name("other"))), target, 32, 8


def taken(folder, target):
    save(target.with_name("mine") / "1.png", smooth(40, 40))
    return read_dataset(folder), target.with_name("mine"), 32, 8


def inside(folder, target):
    return read_dataset(folder), folder / "copy", 32, 8


def itself(folder, target):
    return read_dataset(folder), folder, 32, 8


def inside_by_another_way(folder, target):
    target.with_name("link").symlink_to(folder)
    return read_dataset(folder), target.with_name("link") / "copy", 32, 8


def seen_from_elsewhere(folder, target):
    return read_dataset(folder / "a" / ".."), folder / "copy", 32, 8


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (other_settings, "other settings .*'size': 32"),
        (other_bits, "other settings .*'bits': 8"),
        (other_films, "other settings .*films"),
        (taken, "is not empty"),
        (inside, "must lie outside"),
        (itself, "must lie outside"),
        (inside_by_another_way, "must lie outside"),
        (seen_from_elsewhere, "must lie outside"),
    ],
)
def test_what_is_refused(tmp_path, ask, said):
    films = class_folders(tmp_path / "films")
    convert(read_dataset(films), tmp_path / "copy", 32)
    before = contents(tmp_path / "copy")
    arguments = ask(films, tmp_path / "copy")
    with pytest.raises(CxrError, match=said) as fault:
        convert(*arguments)
    assert "\n" not in str(fault.value)
    assert contents(tmp_path / "copy") == before
    assert not (films / "copy").exists()


def test_no_film_can_be_read(tmp_path):
    (tmp_path / "films" / "a").mkdir(parents=True)
    (tmp_path / "films" / "a" / "1.png").write_text("no picture")
    with pytest.raises(CxrError, match=r"None of the 1 films can be read\. First: a/1\.png: is not"):
        convert(read_dataset(tmp_path / "films"), tmp_path / "copy", 32)


@pytest.mark.parametrize("way", ["from beside", "films elsewhere"])
def test_the_films_themselves_are_never_written_to(tmp_path, monkeypatch, way):
    """Their names could be taken for those of the copies where they are told from another folder."""
    films = class_folders(tmp_path / "films")
    before = {path: path.read_bytes() for path in films.rglob("*.*")}
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    if way == "from beside":
        dataset = read_dataset("../films")
    else:
        pd.DataFrame({"image": [f"../films/{name}" for name, *_ in SIZES], "label": list("xxyy")}).to_csv("labels.csv")
        dataset = read_dataset(".")
    convert(dataset, "../copy", 32)
    assert {path: path.read_bytes() for path in films.rglob("*.*")} == before
    assert len(copies(tmp_path / "copy")) == len(SIZES)
    table = read_dataset(tmp_path / "copy").table
    assert [max(Image.open(path).size) for path in table["path"]] == [32, 32, 32, 30]
    if way == "from beside":
        assert {relative_name(path, tmp_path / "copy") for path in table["path"]} == set(copies(tmp_path / "copy"))


def test_two_films_of_one_name_do_not_collide(tmp_path):
    films = tmp_path / "films"
    save(films / "a" / "1.png", np.full((40, 40), 10, np.uint8))
    save(films / "a" / "1.jpg", np.full((40, 40), 200, np.uint8))
    save(films / "a" / "1.bmp", np.full((40, 40), 90, np.uint8))
    convert(read_dataset(films), tmp_path / "copy", 32)
    table = read_dataset(tmp_path / "copy").table
    own = [pathlib.Path(path).suffix for path in read_dataset(films).table["path"]]
    means = {".png": 10, ".jpg": 200, ".bmp": 90}
    shown = [np.asarray(Image.open(path)).mean() for path in table["path"]]
    assert shown == pytest.approx([means[suffix] for suffix in own], abs=1)
    assert table["path"].nunique() == 3


def test_the_command_says_what_it_did(tmp_path, capsys):
    films = class_folders(tmp_path / "films")
    (films / "a" / "broken.png").write_text("no picture")
    command = ["convert", str(films), str(tmp_path / "copy"), "--size", "32"]
    assert main(command) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "4 films written, 1 failed"
    statistics = json.loads((tmp_path / "copy" / "statistics.json").read_text())
    assert lines[1] == (f"Mean {statistics['mean']:.2f}, deviation {statistics['deviation']:.2f} (gray levels 0–255)")
    assert lines[2] == f"Wrote {tmp_path / 'copy'}"
    assert "failed: a/broken.png: is not a JPEG" in said.err
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("0 films written, 4 there before, 1 failed\n")
    assert main([*command, "--bits", "16"]) == 1
    assert re.fullmatch("(Note: .*\n)*Error: .*other settings.*\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--size", "8"], 2, "--size"),
        (["--bits", "12"], 2, "--bits"),
        (["--layout", "rnsa"], 2, "Did you mean 'rsna'?"),
        (["--finding", "Mass"], 0, "--finding is passed over"),
    ],
)
def test_the_command_on_wrong_options(tmp_path, capsys, options, code, said):
    films = class_folders(tmp_path / "films")
    assert main(["convert", str(films), str(tmp_path / "copy"), *options]) == code
    assert said in capsys.readouterr().err
    assert (tmp_path / "copy").exists() is (code == 0)


def test_faults_of_the_labels_are_told(tmp_path, capsys):
    """The copy has one label a film: that the films' own table had two would be forgotten."""
    films = class_folders(tmp_path / "films")
    rows = [("a/wide_1.png", "x"), ("a/wide_1.png", "y"), ("a/tall_2.png", "x")]
    pd.DataFrame(rows, columns=["image", "label"]).to_csv(films / "labels.csv", index=False)
    assert main(["convert", str(films), str(tmp_path / "copy")]) == 0
    assert "1 films have rows with different labels, first: a/wide_1.png" in capsys.readouterr().err

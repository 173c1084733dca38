"""A training copy: its pixels, tables and numbers, and that a run cut short goes on to the same folder."""

import json
import math
import pathlib
import re

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_cxr.cli import main
from keras_cxr.data import convert as room
from keras_cxr.data.convert import JOURNAL, Moments, convert
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError

RNG = np.random.default_rng(5)
# Name, width, height.
SIZES = (("a/wide_1.png", 100, 60), ("a/tall_2.png", 50, 110), ("b/long_3.bmp", 200, 17), ("b/small_4.png", 30, 20))


def smooth(width, height, white=255):
    rows, columns = np.mgrid[:height, :width]
    return ((np.sin(columns / 9) + np.cos(rows / 7) + 2) / 4 * white).astype(np.uint16 if white > 255 else np.uint8)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def class_folders(folder, sizes=SIZES):
    for name, width, height in sizes:
        save(folder / name, RNG.integers(0, 256, (height, width), dtype=np.uint8))
    return folder


def copies(folder):
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path))
        for path in sorted(folder.rglob("*.png"))
        if path.relative_to(folder).parts[0] != "masks"
    }


def contents(folder):
    """Every file's bytes; the lines of the journal in order, as threads may write them in any."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return found | {JOURNAL: sorted(found[JOURNAL].splitlines())}


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
    parts = [RNG.integers(65_000, 65_536, (n, 50), dtype=np.uint16) for n in (1, 40, 900, 3)]
    every = np.concatenate(parts).astype(np.float64)
    for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
        merged = sum((Moments.of(parts[part]) for part in order), Moments())
        assert merged.count == every.size
        assert merged.mean == pytest.approx(every.mean(), rel=1e-9)
        assert merged.deviation == pytest.approx(every.std(), rel=1e-9)
    assert (Moments() + Moments()).count == 0
    assert math.isnan(Moments().deviation)


def test_the_tables_read_back(phantom, tmp_path):
    films = read_dataset(phantom)
    convert(films, tmp_path / "copy", 64)
    before, after = films.table, read_dataset(tmp_path / "copy").table
    for column in ("label", "patient", "split", "view", "sex", "age"):
        assert list(before[column]) == list(after[column]), column
    for path, copy in zip(before["path"], after["path"], strict=True):
        assert relative_name(copy, tmp_path / "copy") == relative_name(path, phantom)
    sizes = [Image.open(path).size for path in before["path"]]
    shares = [Image.open(copy).size[0] / size[0] for copy, size in zip(after["path"], sizes, strict=True)]
    assert after["boxes"].map(len).sum() == before["boxes"].map(len).sum() > 0
    for own, scaled, share in zip(before["boxes"], after["boxes"], shares, strict=True):
        assert np.allclose(np.array(scaled), np.array(own) * share, atol=0.6 * share)
    for own, scaled, copy in zip(before["mask"], after["mask"], after["path"], strict=True):
        shrunk = np.asarray(Image.open(scaled))
        assert shrunk.shape[::-1] == Image.open(copy).size
        assert np.array_equal(shrunk, cv2.resize(np.asarray(Image.open(own)), shrunk.shape[::-1], interpolation=0))


def test_splits_and_odd_labels_read_back(tmp_path):
    labels = {"train/a.png": 'so, "quoted"', "valid/b.png": "Lungenentzündung", "test/c d.png": "a;b|c"}
    films = tmp_path / "films"
    rows = []
    for name, label in labels.items():
        save(films / name, smooth(40, 40))
        rows.append((name, label, f"p {name}", name.split("/")[0]))
    pd.DataFrame(rows, columns=["file", "class", "subject", "subset"]).to_csv(films / "labels.csv", index=False)
    convert(read_dataset(films), tmp_path / "copy", 32)
    table = read_dataset(tmp_path / "copy").table
    assert list(table["label"]) == list(labels.values())
    assert list(table["patient"]) == [f"p {name}" for name in labels]
    assert list(table["split"]) == ["train", "val", "test"]


def test_spacing_grows_with_the_pixels(dicom_film, tmp_path):
    films = tmp_path / "films" / "a"
    films.mkdir(parents=True)
    pixels = smooth(128, 96)
    (films / "1.dcm").write_bytes(dicom_film(pixels, PixelSpacing=[0.2, 0.25]))
    (films / "2.dcm").write_bytes(dicom_film(pixels[:30, :30], PixelSpacing=[0.2, 0.25]))
    (films / "3.dcm").write_bytes(dicom_film(pixels))
    convert(read_dataset(films.parent), tmp_path / "copy", 64)
    table = pd.read_csv(tmp_path / "copy" / "labels.csv", dtype=str, keep_default_na=False).set_index("image")
    assert dict(table["spacing"]) == {"a/1.png": "0.4|0.5", "a/2.png": "0.2|0.25", "a/3.png": ""}


def test_dicom_facts_read_back(dicom_film, tmp_path):
    folder = tmp_path / "films" / "sick"
    folder.mkdir(parents=True)
    facts = {"PatientAge": "006M", "PatientSex": "F", "ViewPosition": "LL", "Modality": "DX", "StudyInstanceUID": "1.2"}
    (folder / "IM1").write_bytes(dicom_film(smooth(40, 40), PatientID="7", **facts))
    (folder / "1.2.840.7").write_bytes(dicom_film(smooth(40, 40), PatientID="8", ViewPosition="PA"))
    (folder / "1.2.840.8").write_bytes(dicom_film(smooth(40, 40), PatientID="7", ViewPosition="RAO"))
    films = read_dataset(folder.parent)
    convert(films, tmp_path / "copy", 32)
    after = read_dataset(tmp_path / "copy")
    assert len(copies(tmp_path / "copy")) == 3
    assert list(after.table["patient"]) == list(films.table["patient"])
    assert after.table["patient"].nunique() == 2
    row = after.table.set_index("path").loc[str(tmp_path / "copy" / "sick" / "IM1.png")]
    assert (row["age"], row["sex"], row["view"]) == (0.5, "F", "lateral")
    frontal = read_dataset(tmp_path / "copy", LabelOptions(frontal_only=True)).table
    assert len(frontal) == len(read_dataset(folder.parent, LabelOptions(frontal_only=True)).table) == 1


class Cut(Exception):
    """What stands for a kill."""


def cut_after(films):
    left = iter(range(films - 1))

    def advance(count):
        if next(left, None) is None:
            raise Cut

    return advance


@pytest.fixture
def decoded(monkeypatch):
    """The number of films decoded, by the film's bytes."""
    seen = []
    own = room.decode
    monkeypatch.setattr(room, "decode", lambda content, **options: seen.append(content) or own(content, **options))
    return seen


@pytest.mark.parametrize(
    "torn", ["", '["a/film_09.png", "a/fi', '["', "[", '["a/film_09.png", "a/film_09.png", 40, 1'], ids=len
)
def test_a_run_cut_short_goes_on_to_the_same_folder(tmp_path, decoded, torn):
    films = class_folders(tmp_path / "films", [(f"a/film_{n:02}.png", 40 + n, 90 - n) for n in range(12)])
    (films / "a" / "broken.png").write_text("no picture")
    dataset = read_dataset(films)
    assert convert(dataset, tmp_path / "whole", 32).written == 12
    with pytest.raises(Cut):
        convert(dataset, tmp_path / "cut", 32, advance=cut_after(8))
    assert not (tmp_path / "cut" / "labels.csv").exists()
    with open(tmp_path / "cut" / JOURNAL, "a", encoding="utf-8") as journal:
        journal.write(torn)
    decoded.clear()
    steps = []
    done = convert(dataset, tmp_path / "cut", 32, advance=steps.append)
    assert (done.written, done.found, len(done.failures), sum(steps)) == (5, 7, 1, 13)
    assert len(decoded) == 6  # the broken one is tried anew
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    # A third run finds all, also what was written behind a torn line.
    decoded.clear()
    assert convert(dataset, tmp_path / "cut", 32).found == 12
    assert len(decoded) == 1
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def test_copies_lost_or_damaged_are_made_again(tmp_path, decoded):
    dataset = read_dataset(class_folders(tmp_path / "films"))
    convert(dataset, tmp_path / "copy", 32)
    before = contents(tmp_path / "copy")
    (tmp_path / "copy" / "a" / "wide_1.png").unlink()
    (tmp_path / "copy" / "a" / "tall_2.png").write_bytes(b"")
    (tmp_path / "copy" / "b" / "long_3.png").write_bytes(b"no picture")
    decoded.clear()
    convert(dataset, tmp_path / "copy", 32)
    assert len(decoded) == 3
    after = contents(tmp_path / "copy")
    assert set(after.pop(JOURNAL)) == set(before.pop(JOURNAL))
    assert after == before


def test_what_was_broken_and_is_mended_leaves_the_errors(tmp_path):
    films = class_folders(tmp_path / "films")
    (films / "a" / "broken.png").write_text("no picture")
    done = convert(read_dataset(films), tmp_path / "copy", 32)
    assert [name for name, _ in done.failures] == ["a/broken.png"]
    errors = pd.read_csv(tmp_path / "copy" / "errors.csv")
    assert list(errors["image"]) == ["a/broken.png"]
    assert "is not a JPEG" in errors["error"][0]
    assert len(read_dataset(tmp_path / "copy").table) == len(copies(tmp_path / "copy")) == len(SIZES)
    assert "broken" not in (tmp_path / "copy" / "labels.csv").read_text()
    save(films / "a" / "broken.png", smooth(40, 40))
    assert convert(read_dataset(films), tmp_path / "copy", 32).written == 1
    assert not (tmp_path / "copy" / "errors.csv").exists()
    assert len(read_dataset(tmp_path / "copy").table) == len(SIZES) + 1


def test_names_of_any_letters_are_resumed(tmp_path, decoded):
    names = ["two\nlines.png", "next\x85line\u2028.png", "20 30 x.png", "ä.png"]
    films = class_folders(tmp_path / "films", [(f"a/{name}", 40, 40) for name in names])
    convert(read_dataset(films), tmp_path / "copy", 32)
    decoded.clear()
    assert convert(read_dataset(films), tmp_path / "copy", 32).found == len(names)
    assert decoded == []
    assert {pathlib.Path(path).name for path in read_dataset(tmp_path / "copy").table["path"]} == set(names)


def test_names_that_are_no_utf8(tmp_path, decoded):
    films = class_folders(tmp_path / "films", [("a/plain.png", 40, 40)])
    try:
        (films / "a" / "plain.png").rename(films / "a" / "caf\udce9.png")
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system has no such names")
    for found in (0, 1):
        assert convert(read_dataset(films), tmp_path / "copy", 32).found == found
    assert len(decoded) == 1


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


def test_another_film_of_the_name_does_not_pass_for_the_first(tmp_path):
    """A film added between two runs may take the copy's name that another had."""
    films = tmp_path / "films"
    save(films / "a" / "1.jpg", np.full((40, 40), 200, np.uint8))
    convert(read_dataset(films), tmp_path / "copy", 32)
    save(films / "a" / "1.bmp", np.full((40, 40), 90, np.uint8))
    convert(read_dataset(films), tmp_path / "copy", 32)
    shown = [np.asarray(Image.open(path)).mean() for path in read_dataset(tmp_path / "copy").table["path"]]
    own = [np.asarray(Image.open(path)).mean() for path in read_dataset(films).table["path"]]
    assert shown == pytest.approx(own, abs=1)


def test_a_folder_without_labels(tmp_path):
    films = class_folders(tmp_path, [("hospital/x.png", 60, 40), ("hospital/y.png", 40, 60)]) / "hospital"
    done = convert(read_dataset(films, labelled=False), tmp_path / "copy", 32)
    assert done.written == 2
    table = pd.read_csv(tmp_path / "copy" / "labels.csv")
    assert list(table["image"]) == ["x.png", "y.png"]
    assert "label" not in table
    with pytest.raises(CxrError, match="No label column"):
        read_dataset(tmp_path / "copy")


def test_a_broken_mask_costs_itself_alone(phantom, tmp_path):
    films = tmp_path / "films"
    names = [f"known_images/NORMAL/{path.name}" for path in sorted((phantom / "known_images/NORMAL").iterdir())[:2]]
    for name in names:
        save(films / name, np.asarray(Image.open(phantom / name)))
        save(films / "masks" / pathlib.Path(name).name, smooth(60, 60))
    pd.DataFrame({"image": names, "label": "NORMAL"}).to_csv(films / "labels.csv", index=False)
    (films / "masks" / pathlib.Path(names[0]).name).write_text("no picture")
    done = convert(read_dataset(films), tmp_path / "copy", 32)
    assert (done.written, len(done.failures)) == (2, 1)
    errors = pd.read_csv(tmp_path / "copy" / "errors.csv")
    assert list(errors["image"]) == [f"masks/{pathlib.Path(names[0]).name}"]
    assert "lung mask cannot be read" in errors["error"][0]
    assert [bool(mask) for mask in read_dataset(tmp_path / "copy").table["mask"]] == [False, True]


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

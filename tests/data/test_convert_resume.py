"""A training copy cut short, damaged or mended goes on to the same folder."""

import pathlib

import numpy as np
import pandas as pd
import pytest
from converting import SIZES, class_folders, contents, copies, save, smooth
from PIL import Image

from keras_cxr.data import convert as room
from keras_cxr.data.convert import JOURNAL, convert
from keras_cxr.data.source import read_dataset


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

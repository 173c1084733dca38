import json
import os
import random

import pandas as pd
import pytest

from keras_cxr.files import natural_key, whole_file, write_csv, write_json, write_text


@pytest.mark.parametrize("before", [None, "old"])
def test_a_file_is_written_whole(tmp_path, before):
    path = tmp_path / "deep" / "er" / "text.csv"
    if before:
        path.parent.mkdir(parents=True)
        path.write_text(before)
    with whole_file(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".csv"
        temporary.write_text("new")
        assert (path.read_text() if path.exists() else None) == before
    assert path.read_text() == "new"
    assert os.listdir(path.parent) == ["text.csv"]


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_fault_leaves_the_old_file(tmp_path, fault):
    path = tmp_path / "text.txt"
    path.write_text("old")

    def torn():
        with whole_file(path) as temporary:
            temporary.write_text("ne")
            raise fault

    with pytest.raises(fault):
        torn()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["text.txt"]


def test_nothing_written_is_a_fault_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError), whole_file(tmp_path / "a.txt"):
        pass
    assert os.listdir(tmp_path) == []


def test_text_and_json_are_utf8(tmp_path):
    write_text(tmp_path / "a.txt", "Röntgen ≥ 0,5\n")
    write_json(tmp_path / "a.json", {"Lunge": ["Schärfe", 0.1, None]})
    assert (tmp_path / "a.txt").read_bytes() == "Röntgen ≥ 0,5\n".encode()
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"Lunge": ["Schärfe", 0.1, None]}
    assert "Schärfe" in text
    assert text.endswith("}\n")


def test_csv_keeps_every_digit(tmp_path):
    table = pd.DataFrame({"image": ["a,b.png", 'c"d.png'], "p": [1 / 3, 0.1 + 0.2]})
    write_csv(tmp_path / "a.csv", table)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a.csv"), table, check_exact=True)


@pytest.mark.parametrize(
    "names",
    [
        ["1.png", "2.png", "10.png", "a.png"],
        ["film", "Film 9", "film 9b", "FILM 10"],
        ["", "x", "x1y2", "x1y10", "x2", "x02y"],
        ["1", "٣", "10", "²"],  # Arabic-Indic three is a number, superscript two is not
    ],
)
def test_natural_order(names):
    for seed in range(5):
        assert sorted(random.Random(seed).sample(names, len(names)), key=natural_key) == names

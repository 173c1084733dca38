"""Data sets joined to train on, without one of them."""

import pathlib

import pytest

from keras_cxr.data.joined import join_without, with_hashes
from keras_cxr.data.source import read_datasets

SHARES = (0.5, 0.25, 0.25)


@pytest.fixture
def parts(tmp_path):
    """Three data sets of twelve patients of the same names; B has a film of A and two of C, and C an empty file."""
    for name in "ABC":
        for number, label in enumerate(("NORMAL", "PNEUMONIA")):
            (tmp_path / name / label).mkdir(parents=True)
            for patient in range(12):
                film = tmp_path / name / label / f"person{patient + 20 * number}_1.png"
                film.write_bytes(f"{name}{label}{patient}".encode())
    (tmp_path / "B" / "NORMAL" / "person99_1.png").write_bytes(b"ANORMAL0")
    for number in range(2):
        (tmp_path / "B" / "NORMAL" / f"person98_{number}.png").write_bytes(b"CNORMAL%d" % number)
    (tmp_path / "C" / "NORMAL" / "empty.png").touch()
    datasets = read_datasets([tmp_path / name for name in "ABC"])
    return {dataset.root.name: with_hashes(dataset) for dataset in datasets}


def test_films_of_the_one_left_out_are_not_trained_on(parts, tmp_path):
    joined = join_without(parts, "A", SHARES, seed=0)
    assert not set(joined.table["sha256"]) & set(parts["A"].table["sha256"])
    assert len(joined.table) == 24 + 2 + 24 - 2
    assert joined.table["sha256"].is_unique
    assert "B: 1 films are in A too, which is left out: they are not trained on." in joined.notes
    assert "C: 2 films are in the data sets before it too." in joined.notes
    assert "C: 1 files that are empty or cannot be opened are left out." in joined.notes
    assert joined.root == tmp_path
    assert len(parts["B"].table) == 27


def test_patients_of_one_name_in_two_data_sets_stay_two_and_each_set_has_every_split(parts):
    table = join_without(parts, "A", SHARES, seed=0).table
    source = table["path"].map(lambda path: pathlib.Path(path).parent.parent.name)
    assert (table["patient"].str.partition("/")[0] == source).all()
    assert table["patient"].nunique() == 24 + 1 + 22
    assert (table.groupby("patient")["split"].nunique() == 1).all()
    for _, part in table.groupby(source):
        assert (part.groupby("label")["split"].nunique() == 3).all()


def test_splits_that_a_data_set_brings_are_kept(parts):
    own = parts["C"].table
    own["split"] = ["test" if number % 3 == 0 else "train" for number in range(len(own))]
    table = join_without(parts, "A", SHARES, seed=0).table.set_index("sha256")
    kept = own[~own["sha256"].isin(parts["B"].table["sha256"])].set_index("sha256")
    assert set(table.loc[kept.index[kept["split"] == "test"], "split"]) == {"test"}
    assert "test" not in set(table.loc[kept.index[kept["split"] == "train"], "split"])


def test_columns_that_one_data_set_lacks(parts):
    parts["B"].table["mask"] = "/masks/b.png"
    parts["C"].table["boxes"] = [[] for _ in range(len(parts["C"].table))]
    table = join_without(parts, "A", SHARES, seed=0).table
    assert set(table["mask"]) == {"/masks/b.png", ""}
    assert "boxes" not in table

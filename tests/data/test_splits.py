import pathlib

import numpy as np
import pandas as pd
import pytest

from keras_cxr.data.fingerprints import content_hashes
from keras_cxr.data.source import read_dataset
from keras_cxr.data.splits import assign_splits, groups
from keras_cxr.data.table import SPLITS, Dataset, dataset_table

SHARES = (0.7, 0.15, 0.15)


def dataset_of(labels, patients, splits=None, sha256=None):
    splits = [""] * len(labels) if splits is None else splits
    rows = [
        {"path": f"/films/{index}.png", "label": str(label), "patient": str(patient), "split": split}
        for index, (label, patient, split) in enumerate(zip(labels, patients, splits, strict=True))
    ]
    table = dataset_table(rows)
    if sha256 is not None:
        table["sha256"] = sha256
    return Dataset(pathlib.Path("/films"), table, "made up")


def random_dataset(seed):
    """200 to 500 patients with one to thirty films of up to four classes, some byte-identical across patients."""
    rng = np.random.default_rng(seed)
    films = np.minimum(rng.geometric(rng.uniform(0.2, 0.9), rng.integers(200, 500)), 30)
    patients = np.repeat([f"p{number}" for number in range(len(films))], films)
    classes = rng.integers(2, 5)
    shares = rng.dirichlet(np.full(classes, 5.0))
    labels = np.repeat(rng.choice(classes, len(films), p=shares), films)
    mixed = rng.random(len(labels)) < (0.2 if seed % 2 else 0)
    labels = np.where(mixed, rng.choice(classes, len(labels)), labels)
    patients = np.where(rng.random(len(labels)) < 0.05, "", patients)
    sha256 = np.arange(len(labels))
    twins = rng.choice(len(labels), 30, replace=False).reshape(2, 15)
    sha256[twins[0]] = sha256[twins[1]]
    return dataset_of(labels, patients, sha256=sha256.astype(str))


def crossing(table, key):
    known = table[table[key] != ""]
    return int((known.groupby(key)["split"].nunique() > 1).sum())


@pytest.mark.parametrize("seed", range(12))
def test_no_patient_and_no_identical_film_crosses_and_shares_are_close(seed):
    dataset = random_dataset(seed)
    assign_splits(dataset, SHARES, seed)
    table = dataset.table
    assert set(table["split"]) == set(SPLITS)
    assert crossing(table, "patient") == crossing(table, "sha256") == 0
    assert not dataset.notes
    counts = pd.crosstab(table["label"], table["split"])[list(SPLITS)]
    target = np.outer(counts.sum(axis=1), SHARES)
    assert np.abs(counts - target).to_numpy().max() <= 0.02 * len(table)
    assert np.abs(counts.sum() - target.sum(axis=0)).max() <= 0.02 * len(table)


def test_chains_of_patients_and_identical_films_are_one_group():
    table = dataset_of("AAAAA", ["p", "p", "q", "r", ""], sha256=["1", "2", "2", "3", "3"]).table
    assert list(groups(table)) == [0, 0, 0, 1, 1]
    assert len(set(groups(table, by="image"))) == 5
    assert len(set(groups(table.drop(columns="sha256")))) == 4


def test_the_seed_decides():
    def splits(seed):
        dataset = random_dataset(1)
        assign_splits(dataset, SHARES, seed)
        return list(dataset.table["split"])

    assert splits(3) == splits(3)
    assert splits(3) != splits(4)


@pytest.mark.parametrize("patients", [3, 4, 5, 8])
def test_a_rare_class_of_three_patients_or_more_is_in_every_split(patients):
    labels = ["rare"] * patients + ["common"] * 60
    dataset = dataset_of(labels, range(len(labels)))
    assign_splits(dataset, SHARES, seed=0)
    assert set(dataset.table["split"][:patients]) == set(SPLITS)


def test_split_by_image_shares_patients_and_says_so():
    dataset = dataset_of(["A", "B"] * 200, np.repeat(np.arange(40), 10))
    assign_splits(dataset, SHARES, seed=0, by="image")
    assert crossing(dataset.table, "patient") > 30
    assert np.abs(dataset.table["split"].value_counts()[list(SPLITS)] - [280, 60, 60]).max() <= 1
    assert any("patients have films in more than one split" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("given", "after", "note"),
    [
        ({"train": 400, "val": 60, "test": 40}, {"train": 400, "val": 60, "test": 40}, None),
        ({"val": 50, "test": 50}, {"val": 50, "test": 50}, None),
        (
            {"train": 400, "val": 4, "test": 50},
            {"train": 333, "val": 71, "test": 50},
            "The data set's own val has only 4 films, too few to choose by: train and val are merged and split again "
            "by patient into train, val (82%/18%).",
        ),
        (
            {"train": 800, "test": 50},
            {"train": 659, "val": 141, "test": 50},
            "The data set's own train is split again by patient into train, val (82%/18%).",
        ),
        (
            {"train": 400, "val": 100},
            {"train": 329, "val": 100, "test": 71},
            "The data set's own train is split again by patient into train, test (82%/18%).",
        ),
        (
            {"train": 400, "val": 4},
            {"train": 283, "val": 61, "test": 60},
            "The data set's own val has only 4 films, too few to choose by: train and val are merged and split again "
            "by patient into train, val, test (70%/15%/15%).",
        ),
        *[
            (
                {only: 400},
                {"train": 280, "val": 60, "test": 60},
                f"The data set's own {only} is split again by patient into train, val, test (70%/15%/15%).",
            )
            for only in SPLITS
        ],
        (
            {"train": 300, "": 100, "val": 60, "test": 40},
            {"train": 400, "val": 60, "test": 40},
            "100 films without a split",
        ),
        ({"": 400, "test": 40}, {"train": 329, "val": 71, "test": 40}, "400 films without a split are added to train."),
    ],
)
def test_given_splits(given, after, note):
    splits = [name for name, count in given.items() for _ in range(count)]
    dataset = dataset_of(["A", "B"] * (len(splits) // 2), np.arange(len(splits)) // 2, splits)
    before = dataset.table["split"].copy()
    assign_splits(dataset, SHARES, seed=0)
    table = dataset.table
    counts = table["split"].value_counts().to_dict()
    assert set(counts) == set(after)
    assert all(abs(counts[name] - count) <= 4 for name, count in after.items())
    for name in ("val", "test"):
        if given.get(name, 0) == after.get(name):
            assert list(table.index[table["split"] == name]) == list(before.index[before == name])
    assert crossing(table, "patient") == 0
    if note is None:
        assert not dataset.notes
    else:
        assert any(line.startswith(note) for line in dataset.notes), dataset.notes


def test_given_splits_that_share_patients_are_kept_and_named():
    splits = ["train"] * 100 + ["val"] * 60 + ["test"] * 60
    dataset = dataset_of("AB" * 110, ["p"] * 2 + list("abcdefgh") * 27 + ["p"] * 2, splits, sha256=["x"] * 220)
    assign_splits(dataset, SHARES, seed=0)
    assert list(dataset.table["split"]) == splits
    assert dataset.notes[0].startswith("9 patients have films in more than one split")
    assert dataset.notes[1] == "1 byte-identical films lie in more than one split."


def test_kermany(shared_data):
    dataset = read_dataset(shared_data / "kermany224")
    dataset.table["sha256"] = content_hashes(dataset.table["path"])
    assign_splits(dataset, SHARES, seed=0)
    table = dataset.table
    assert len(table) == 5232
    assert crossing(table, "patient") == crossing(table, "sha256") == 0
    assert np.abs(table["split"].value_counts(normalize=True)[list(SPLITS)] - np.array(SHARES)).max() < 0.01
    assert any("val has only 16 films" in note for note in dataset.notes)

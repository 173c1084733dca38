import pathlib

import numpy as np
import pandas as pd
import pytest

from keras_cxr.data.folds import deal_folds, hold_out
from keras_cxr.data.table import Dataset, dataset_table
from keras_cxr.errors import CxrError, UsageError

SHARES = (0.7, 0.15, 0.15)


def dataset_of(labels, patients, sha256):
    rows = [
        {"path": f"/films/{number}.png", "label": str(label), "patient": str(patient)}
        for number, (label, patient) in enumerate(zip(labels, patients, strict=True))
    ]
    return Dataset(pathlib.Path("/films"), dataset_table(rows).assign(sha256=[str(one) for one in sha256]), "made up")


def random_dataset(seed):
    """200 patients with one to ten films of three classes, some of them unknown, some films identical."""
    rng = np.random.default_rng(seed)
    films = np.minimum(rng.geometric(0.4, 200), 10)
    patients = np.repeat([f"p{number}" for number in range(200)], films)
    labels = np.repeat(rng.choice(["A", "B", "C"], 200, p=[0.6, 0.3, 0.1]), films)
    patients = np.where(rng.random(len(labels)) < 0.05, "", patients)
    sha256 = np.arange(len(labels))
    twins = rng.choice(len(labels), 30, replace=False).reshape(2, 15)
    sha256[twins[0]] = sha256[twins[1]]
    return dataset_of(labels, patients, sha256)


def crossing(table, key):
    known = table[table[key] != ""]
    return int((known.groupby(key)["split"].nunique() > 1).sum())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [3, 5])
def test_no_patient_and_no_identical_film_is_in_two_folds(seed, count):
    table = random_dataset(seed).table
    table["split"] = deal_folds(table, count, seed)
    assert sorted(table["split"].unique()) == list(range(1, count + 1))
    assert crossing(table, "patient") == crossing(table, "sha256") == 0
    share = pd.crosstab(table["label"], table["split"])
    assert np.abs(share.sub(share.sum(axis=1) / count, axis=0)).to_numpy().max() <= 0.02 * len(table)


@pytest.mark.parametrize("films", [{"A": 60, "B": 37}, {"A": 100, "B": 23, "C": 5}])
def test_a_film_a_patient_each_class_is_within_one_of_an_even_share(films):
    labels = [name for name, count in films.items() for _ in range(count)]
    table = dataset_of(labels, range(len(labels)), range(len(labels))).table
    counts = pd.crosstab(table["label"], deal_folds(table, 5, seed=0)).to_numpy()
    assert np.abs(counts - counts.sum(axis=1, keepdims=True) / 5).max() < 1


def test_the_seed_decides():
    table = random_dataset(1).table
    assert (deal_folds(table, 4, seed=3) == deal_folds(table, 4, seed=3)).all()
    assert (deal_folds(table, 4, seed=3) != deal_folds(table, 4, seed=4)).any()


@pytest.mark.parametrize("seed", range(3))
def test_each_film_is_held_out_once_and_the_others_keep_patients_apart(seed):
    dataset = random_dataset(seed)
    folds = deal_folds(dataset.table, 4, seed)
    before = dataset.table.copy()
    held = [hold_out(dataset, folds, fold, SHARES, seed).table for fold in range(1, 5)]
    assert dataset.table.equals(before)
    assert (sum((table["split"] == "test").to_numpy().astype(int) for table in held) == 1).all()
    for fold, table in enumerate(held, 1):
        assert ((table["split"] == "test").to_numpy() == (folds == fold)).all()
        assert crossing(table, "patient") == crossing(table, "sha256") == 0
        shares = table["split"].value_counts(normalize=True)
        assert abs(shares["val"] / shares["train"] - 15 / 70) < 0.03


@pytest.mark.parametrize(
    ("labels", "count", "kind", "told"),
    [
        ("AAAAB", 3, CxrError, "Class B has films of 1 patients.*Leave the class out"),
        ("AAAAABBB", 5, CxrError, "Class B has films of 3 patients: it cannot be in 5 folds. Try -k 3"),
        ("AAAABBBB", 1, UsageError, "must be 2 or more. Received: 1"),
    ],
)
def test_too_few(labels, count, kind, told):
    table = dataset_of(labels, range(len(labels)), range(len(labels))).table
    with pytest.raises(kind, match=told):
        deal_folds(table, count, seed=0)

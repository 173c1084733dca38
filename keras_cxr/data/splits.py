"""Splits that no patient crosses: stratified by class or finding, grouped by patient and by identical files."""

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from keras_cxr.data.multi_label import strata
from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import SPLITS, Dataset

# Kaggle's chest_xray has a val folder of 16 films: too few to choose a threshold or an epoch by.
SMALL_VAL = 50
SMALL_VAL_SHARE = 0.03


def assign_splits(dataset: Dataset, fractions: tuple[float, float, float], seed: int, by: str = "patient") -> None:
    """Fill the ``split`` column of ``dataset.table`` in place; splits that the data set brings are kept.

    Args:
        dataset: With ``sha256`` in its table where files have been read: identical files stay in one split.
        fractions: Shares of train, val and test; their sum is 1. That of test may be 0: then there is none.
        seed: Of the order in which patients are dealt out.
        by: 'patient', or 'image' to split as the leaking notebooks do (for showing what that gives).
    """
    table = dataset.table
    if (table["split"] == "").all():
        names = [name for name, share in zip(SPLITS, fractions, strict=True) if share]
        shares = tuple(share for share in fractions if share)
        table["split"] = _deal(table, names, shares, seed, by, _strata(dataset))
    else:
        _complete(dataset, fractions, seed, by)
    _note_shared_patients(dataset)


def _complete(dataset: Dataset, fractions: tuple[float, float, float], seed: int, by: str) -> None:
    table = dataset.table
    loose = table["split"] == ""
    if loose.any():
        dataset.notes.append(f"{int(loose.sum())} films without a split are added to train.")
        table.loc[loose, "split"] = "train"
    source = "train"
    if table["split"].nunique() == 1:
        source = table["split"].iloc[0]
        table["split"] = "train"
    counts = table["split"].value_counts()
    train, val, test = (int(counts.get(name, 0)) for name in SPLITS)
    small = val < SMALL_VAL and val < SMALL_VAL_SHARE * train
    pool = table["split"].isin(["train", "val"] if small else ["train"])
    names = [
        name
        for name in SPLITS
        if name == "train" or (name == "val" and (small or not val)) or (name == "test" and not test and fractions[2])
    ]
    if len(names) == 1:
        return
    shares = np.array([fractions[SPLITS.index(name)] for name in names])
    strata_of_pool = _strata(dataset)[pool.to_numpy()]
    table.loc[pool, "split"] = _deal(table[pool], names, tuple(shares / shares.sum()), seed, by, strata_of_pool)
    why = f"{source} is"
    if small and val:
        why = f"val has only {val} films, too few to choose by: train and val are merged and"
    parts = "/".join(f"{share:.0%}" for share in shares / shares.sum())
    dataset.notes.append(f"The data set's own {why} split again by {by} into {', '.join(names)} ({parts}).")


def groups(table: pd.DataFrame, by: str = "patient") -> np.ndarray:
    """Group number of each film: films of one patient, or of byte-identical content, share it; (n,) int."""
    if by == "image":
        return np.arange(len(table))
    keys = [patient_groups(table)]
    if "sha256" in table:
        keys.append(table["sha256"])
    films = np.tile(np.arange(len(table)), len(keys))
    nodes, offset = [], len(table)
    for key in keys:
        codes = pd.factorize(key)[0]
        nodes.append(codes + offset)
        offset += codes.max() + 1
    edges = coo_matrix((np.ones(len(films)), (films, np.concatenate(nodes))), shape=(offset, offset))
    return connected_components(edges, directed=False)[1][: len(table)]


def _strata(dataset: Dataset) -> np.ndarray:
    """What every split is to have its share of, (films, strata) bool: the classes, or the findings."""
    labels = dataset.table["label"]
    if dataset.multi_label:
        return strata(labels)
    codes, classes = pd.factorize(labels, sort=True)
    return codes[:, None] == np.arange(len(classes))


def _deal(
    table: pd.DataFrame, names: list[str], shares: tuple[float, ...], seed: int, by: str, strata: np.ndarray
) -> np.ndarray:
    # Largest groups first, each to the split that still lacks most of the group's strata.
    group = pd.factorize(groups(table, by))[0]
    counts = np.zeros((group.max() + 1, strata.shape[1]))
    np.add.at(counts, group, strata)
    target = np.outer(shares, counts.sum(axis=0))
    filled = np.zeros_like(target)
    chosen = np.zeros(len(counts), int)
    order = np.random.default_rng(seed).permutation(len(counts))
    for index in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        need = ((1 - filled / np.maximum(target, 1e-9)) * counts[index]).sum(axis=1)
        chosen[index] = np.argmax(need)
        filled[chosen[index]] += counts[index]
    return np.array(names)[chosen[group]]


def _note_shared_patients(dataset: Dataset) -> None:
    known = dataset.table[dataset.table["patient"] != ""]
    shared = int((known.groupby("patient")["split"].nunique() > 1).sum())
    if shared:
        dataset.notes.append(
            f"{shared} patients have films in more than one split: scores on them flatter. "
            "(Splits that the data set brings are kept as they are.)"
        )
    if "sha256" in dataset.table:
        crossing = int((dataset.table.groupby("sha256")["split"].nunique() > 1).sum())
        if crossing:
            dataset.notes.append(f"{crossing} byte-identical films lie in more than one split.")

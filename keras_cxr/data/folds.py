"""Folds that no patient crosses, and the splits of the dataset in which one fold is held out."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.data.check import check
from keras_cxr.data.splits import assign_splits, groups
from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError, UsageError


def deal_folds(table: pd.DataFrame, count: int, seed: int, by: str = "patient") -> np.ndarray:
    """Deal films into folds, stratified by class; films of one patient, or of identical content, stay together.

    scikit-learn's ``StratifiedGroupKFold`` on ``splits.groups``. Where each film is a group of its own, the films of a
    class in a fold are within one of an even share.

    Args:
        table: Dataset table with ``sha256``.
        count: Folds, 2 or more.
        seed: Of the order in which patients are dealt out.
        by: 'patient' or 'image'; see ``splits.groups``.

    Returns:
        The fold of each film, (n,) int from 1 to ``count``.

    Raises:
        UsageError: ``count`` is below 2.
        CxrError: A class has films of fewer patients than there are folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if count < 2:
        raise UsageError(f"The '--folds' option must be 2 or more. Received: {count}.")
    group = groups(table, by)
    of_class = pd.Series(group).groupby(table["label"].to_numpy()).nunique()
    if of_class.min() < count:
        most = f"Try -k {of_class.min()}" if of_class.min() > 1 else "Leave the class out, or rename it with --map"
        unit = "patients" if by == "patient" else "films"
        raise CxrError(
            f"Class {of_class.idxmin()} has films of {of_class.min()} {unit}: it cannot be in {count} folds. {most}."
        )
    folds, dealt = np.zeros(len(table), int), StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for number, (_, held_out) in enumerate(dealt.split(group, table["label"], group), 1):
        folds[held_out] = number
    return folds


def hold_out(
    dataset: Dataset,
    folds: np.ndarray,
    fold: int,
    fractions: tuple[float, float, float],
    seed: int,
    by: str = "patient",
) -> Dataset:
    """The dataset with one fold as its test split and the others dealt into train and val.

    Args:
        dataset: Left as it is; its own splits are passed over.
        folds: Of each film, from ``deal_folds``.
        fold: The one to hold out.
        fractions: Shares of train and val, by which the other films are dealt; that of test plays no part.
        seed, by: As for ``splits.assign_splits``.

    Raises:
        CxrError: A class is missing in a split.
    """
    others = folds != fold
    rest = Dataset(dataset.root, dataset.table[others].assign(split=""), dataset.layout)
    train, val = np.array(fractions[:2]) / sum(fractions[:2])
    assign_splits(rest, (train, val, 0.0), seed, by)
    table = dataset.table.assign(split="test")
    table.loc[others, "split"] = rest.table["split"]
    held = dataclasses.replace(dataset, table=table, notes=[*dataset.notes])
    check(held)
    return held

"""Several data sets as one to train on, without the films that another one, which is left out, has too."""

import dataclasses
import hashlib
import os
import pathlib

import pandas as pd

from keras_cxr.data.fingerprints import content_hashes
from keras_cxr.data.splits import assign_splits
from keras_cxr.data.table import Dataset
from keras_cxr.errors import UsageError

# Pixel places and lists, which no training reads and which have no empty value that a table of texts could hold.
_DROPPED = ["boxes", "spacing"]
_EMPTY = hashlib.sha256(b"").hexdigest()


def check_count(datasets: int) -> None:
    """Whether there are data sets enough to leave one out.

    Raises:
        UsageError: There are fewer than two.
    """
    if datasets < 2:
        raise UsageError(f"Give two data sets or more: each is left out once. Received: {datasets}.")


def with_hashes(dataset: Dataset) -> Dataset:
    """The data set with ``sha256`` in its table, without files that are empty or cannot be opened; a note says so."""
    table = dataset.table.assign(sha256=content_hashes(dataset.table["path"]))
    unread = table["sha256"].isin(["", _EMPTY])
    notes = [*dataset.notes]
    if unread.any():
        notes.append(f"{int(unread.sum())} files that are empty or cannot be opened are left out.")
    return dataclasses.replace(dataset, table=table[~unread].reset_index(drop=True), notes=notes)


def join_without(
    datasets: dict[str, Dataset], left_out: str, fractions: tuple[float, float, float], seed: int, by: str = "patient"
) -> Dataset:
    """Join all data sets but one, each split on its own as ``splits.assign_splits`` splits it.

    Patients get their data set's name before them, so that two of one name in different sets stay two. A film that the
    data set left out has too, byte for byte, is dropped; of one that several others have the first is kept.

    Args:
        datasets: By name, with ``sha256``; see ``with_hashes``. Left as they are.
        left_out: Name of one of them.
        fractions, seed, by: As for ``splits.assign_splits``; the splits that a data set brings are kept.

    Returns:
        A data set whose ``root`` is the folder that all lie in, its table without ``boxes`` and ``spacing``; its notes
        begin with the data set's name where they are of one.
    """
    outside = set(datasets[left_out].table["sha256"])
    tables, notes, faults, taken = [], [], [], set()
    others = {name: dataset for name, dataset in datasets.items() if name != left_out}
    for name, dataset in others.items():
        hashes = dataset.table["sha256"]
        also_outside, also_taken = hashes.isin(outside), hashes.isin(taken)
        part = dataclasses.replace(dataset, notes=[*dataset.notes])
        part.table = dataset.table[~(also_outside | also_taken)].reset_index(drop=True)
        if also_outside.any():
            part.notes.append(
                f"{int(also_outside.sum())} films are in {left_out} too, which is left out: they are not trained on."
            )
        if (also_taken & ~also_outside).any():
            part.notes.append(f"{int((also_taken & ~also_outside).sum())} films are in the data sets before it too.")
        taken |= set(hashes)
        if len(part.table):
            assign_splits(part, fractions, seed, by)
        patient = part.table["patient"]
        tables.append(part.table.assign(patient=(f"{name}/" + patient).where(patient != "", "")))
        notes += [f"{name}: {note}" for note in part.notes]
        faults += [f"{name}: {fault}" for fault in part.faults]
    return dataclasses.replace(
        next(iter(others.values())),
        root=pathlib.Path(os.path.commonpath([dataset.root for dataset in others.values()])),
        table=_stacked(tables),
        layout=f"joined: {', '.join(others)}",
        notes=notes,
        faults=faults,
    )


def _stacked(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """One below the other; a text that a table lacks is ''."""
    table = pd.concat([one.drop(columns=_DROPPED, errors="ignore") for one in tables], ignore_index=True)
    texts = [column for column in table if not pd.api.types.is_numeric_dtype(table[column])]
    return table.fillna(dict.fromkeys(texts, ""))

"""What a saved model keeps of the data that it was trained on."""

import hashlib
import os

import pandas as pd

from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.files import read_texts


def splits_table(dataset: Dataset) -> pd.DataFrame:
    """What ``splits.csv`` holds: image (below the data folder), label, patient, split, sha256."""
    table = dataset.table[["label", "patient", "split", "sha256"]].copy()
    table.insert(0, "image", [relative_name(path, dataset.root) for path in dataset.table["path"]])
    return table


def read_splits(file: str | os.PathLike) -> pd.DataFrame:
    """What ``splits_table`` wrote, every column as text; an ensemble's has ``fold`` too."""
    return read_texts(file)


def data_record(dataset: Dataset, films: dict, truth: str) -> dict:
    """The card's account of the training data.

    Args:
        dataset: With ``sha256`` and splits.
        films: Numbers of films, by split.
        truth: The column that holds what was learnt; it enters the fingerprint beside content and split.
    """
    table = dataset.table
    content = "\n".join(sorted(table["sha256"] + table[truth] + table["split"]))
    return {
        "folder": str(dataset.root),
        "layout": dataset.layout,
        "fingerprint": hashlib.sha256(content.encode()).hexdigest(),
        "films": films,
        "patients": int(patient_groups(table).nunique()),
        "notes": dataset.notes,
    }

"""Pairs of film and mask to what a training works on: both on the canvas, and splits that no patient crosses."""

import dataclasses
import hashlib
import pathlib

import numpy as np
import pandas as pd

from keras_cxr.data.geometry import to_canvas
from keras_cxr.data.images import read_bytes
from keras_cxr.data.load import load_films
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import data_record
from keras_cxr.data.source import patient_groups
from keras_cxr.data.splits import assign_splits
from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.errors import CxrError
from keras_cxr.lungs.pairs import read_mask

FRACTIONS = (0.7, 0.15, 0.15)


@dataclasses.dataclass
class LungData:
    """Films with masks, ready for training.

    Attributes:
        dataset: Its table has ``mask``, splits, sizes, and the content hashes of film and mask.
        films, masks: (films, size, size) uint8, 0–255, in the order of the table.
        preprocessing: How both came to their canvas.
    """

    dataset: Dataset
    films: np.ndarray
    masks: np.ndarray
    preprocessing: Preprocessing

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of a split."""
        return np.flatnonzero(self.dataset.table["split"] == split)

    def in_words(self) -> str:
        """Films, patients and splits in one line."""
        patients = patient_groups(self.dataset.table)
        parts = ", ".join(f"{split} {len(self.rows(split))}" for split in SPLITS)
        return f"{len(patients)} films with masks of {patients.nunique()} patients: {parts}."

    def record(self) -> dict:
        """The card's account of the training data."""
        return data_record(self.dataset, {split: len(self.rows(split)) for split in SPLITS}, "mask_sha256")


def prepare(pairs: Dataset, preprocessing: Preprocessing, seed: int) -> LungData:
    """Read every film and mask and split them 70/15/15 by patient.

    Args:
        pairs: From ``pairs.find_pairs``, changed in place; pairs of which a file cannot be read leave it, with a note.
        preprocessing: Size and fit of the canvas.
        seed: Of the split.

    Raises:
        CxrError: No film can be read, or there are too few patients for three splits.
    """
    films = load_films(pairs, preprocessing)
    masks, hashes, faults = np.zeros_like(films), [], []
    for place, row in enumerate(pairs.table.itertuples()):
        try:
            masks[place] = to_canvas(read_mask(row.mask, row.width, row.height), preprocessing)
            hashes.append(hashlib.sha256(read_bytes(row.mask)).hexdigest())
        except CxrError as fault:
            hashes.append("")
            faults.append(f"{pathlib.Path(row.mask).name}: {fault}")
    if faults:
        shown = "; ".join(faults[:3]) + (" …" if len(faults) > 3 else "")
        pairs.notes.append(f"{len(faults)} masks cannot be used, and their films are left out: {shown}")
    good = np.array([digest != "" for digest in hashes])
    pairs.table = pairs.table.assign(mask_sha256=hashes)[good].reset_index(drop=True)
    if good.any():
        assign_splits(pairs, FRACTIONS, seed)
    _check(pairs.table)
    return LungData(pairs, films[good], masks[good], preprocessing)


def _check(table: pd.DataFrame) -> None:
    empty = [split for split in SPLITS if not (table["split"] == split).any()]
    if empty:
        raise CxrError(
            f"Too few films for a split by patient: {len(table)} with a mask, of {patient_groups(table).nunique()} "
            f"patients, leave {', '.join(empty)} empty. Give more films, or name patients with --patient-pattern."
        )

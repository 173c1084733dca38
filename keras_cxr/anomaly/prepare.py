"""Labelled films to what a training on normal films works on, split so that no patient is in two splits."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.anomaly.settings import AnomalySettings
from keras_cxr.data.fingerprints import content_hashes
from keras_cxr.data.geometry import places_of
from keras_cxr.data.load import load_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import data_record
from keras_cxr.data.splits import assign_splits
from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.false_alarms import fewest_normals
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.own_films import is_own, own_splits
from keras_cxr.training.monitor import Monitor

FEWEST = 10  # normal films to learn from


@dataclasses.dataclass
class AnomalyData:
    """Normal films to learn from and to set the threshold by, and films of every kind to test on.

    Attributes:
        dataset: Its table has the normal films of train and val, and every film of test.
        pixels: (films, size, size) uint8 in the order of the table.
        normal: The label of normal films.
        preprocessing: How they came to their canvas.
    """

    dataset: Dataset
    pixels: np.ndarray
    normal: str
    preprocessing: Preprocessing

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of a split."""
        return np.flatnonzero(self.dataset.table["split"] == split)

    def places(self, rows: np.ndarray) -> list[tuple[slice, slice]]:
        """The rows and columns of the canvas that each film fills."""
        return places_of(self.dataset.table.iloc[rows], self.preprocessing)

    def counts(self) -> dict[str, dict[str, int]]:
        """Films by split and label."""
        table = self.dataset.table
        return {
            split: {str(label): int(count) for label, count in part["label"].value_counts().items()}
            for split, part in table.groupby("split", sort=False)
        }

    def in_words(self) -> str:
        """Films and splits in one line."""
        table = self.dataset.table
        sick = int((table["label"] != self.normal).sum())
        train, val, test = (len(self.rows(split)) for split in SPLITS)
        return (
            f"Normal is '{self.normal}': {train} such films to learn from, {val} to set the threshold by, "
            f"{test - sick} and {sick} others to test on."
        )

    def record(self) -> dict:
        """The card's account of the training data."""
        return data_record(self.dataset, self.counts(), "label")


def prepare(
    dataset: Dataset,
    normal: str,
    preprocessing: Preprocessing,
    settings: AnomalySettings,
    monitor: Monitor,
    masks: LungMasks | None = None,
    model: SavedModel | None = None,
) -> AnomalyData:
    """Split the films by patient, and read those that are needed; sick ones of train and val are not.

    Args:
        dataset: Labelled; it is not changed.
        normal: The label of normal films.
        preprocessing: Of the films.
        settings: Shares of the splits, seed, rate of false alarms.
        monitor: Told of the progress.
        masks: Lungs, where ``preprocessing`` asks for them.
        model: Whose features are used: a film that it was trained on or chosen by is not tested on.

    Raises:
        CxrError: Too few normal films in train or val, or no film in test.
    """
    dataset = dataclasses.replace(dataset, table=dataset.table.copy(), notes=[*dataset.notes])
    table = dataset.table
    hashes = pd.Series(content_hashes(table["path"]), index=table.index)
    table["sha256"] = hashes.where(hashes != "", table["path"])
    own = None if model is None else own_splits(model, table)
    trained_on_it = own is not None and is_own(own)
    if trained_on_it:
        table["split"] = own
        dataset.notes.append(f"These are the films that {model.card.name} was trained on: its splits are taken.")
    assign_splits(dataset, settings.shares, settings.seed)
    if own is not None and not trained_on_it:
        seen = own.isin(["train", "val"]) & (table["split"] != "train")
        table.loc[seen, "split"] = "train"
        if seen.any():
            dataset.notes.append(f"{int(seen.sum())} films count as train: {model.card.name} was trained on them.")
    used = (table["label"] == normal) | (table["split"] == "test")
    dataset.table = table[used].reset_index(drop=True)
    _check(dataset.table, normal, settings.false_alarms)
    monitor.start("Reading films", len(dataset.table))
    pixels = load_films(dataset, preprocessing, monitor.advance, masks)
    _check(dataset.table, normal, settings.false_alarms)
    return AnomalyData(dataset, pixels, normal, preprocessing)


def _check(table: pd.DataFrame, normal: str, false_alarms: float) -> None:
    """Raise a CxrError where a split has too few films."""
    films = table["split"].value_counts()
    for split, fewest, why in (
        ("train", FEWEST, "to learn from"),
        ("val", fewest_normals(false_alarms), f"for a false-alarm rate of {false_alarms:g}"),
        ("test", 1, "to test on"),
    ):
        if films.get(split, 0) < fewest:
            what = "films" if split == "test" else f"films of '{normal}'"
            raise CxrError(
                f"The {split} split has {films.get(split, 0)} {what}; {fewest} or more are needed {why}. "
                "Give more films, another --split, or a higher --false-alarms."
            )

"""A data set ready for training: decoded films, and what the loss and the scores take of their labels."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.data.multi_label import finding_counts, finding_weights
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import data_record
from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.evaluation.findings import indicators
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS


@dataclasses.dataclass
class Prepared:
    """A data set ready for training.

    Attributes:
        dataset: Its table has splits, sizes and content hashes.
        pixels: (films, size, size) uint8 in the order of the table.
        classes: In the network's order.
        trained: Row numbers to train on: the train split, or a sample of it.
        weights: Of each class in the loss.
        counts: Films by class and split.
        preprocessing: How the films came to their canvas.
        task: Of ``evaluation.task``.
    """

    dataset: Dataset
    pixels: np.ndarray
    classes: list[str]
    trained: np.ndarray
    weights: dict[str, float]
    counts: pd.DataFrame
    preprocessing: Preprocessing
    task = ONE_CLASS

    def rows(self, split: str) -> np.ndarray:
        """Row numbers of a split."""
        return np.flatnonzero(self.dataset.table["split"] == split)

    def targets(self, rows: np.ndarray) -> np.ndarray:
        """Class numbers (films,) int of some rows."""
        number = {name: index for index, name in enumerate(self.classes)}
        return self.dataset.table["label"].iloc[rows].map(number).to_numpy(np.int64)

    def encoded(self, rows: np.ndarray) -> np.ndarray:
        """Targets of the loss, float32: (films,) for two classes, one-hot (films, classes) for more."""
        targets = self.targets(rows)
        if len(self.classes) == 2:
            return targets.astype(np.float32)
        return np.eye(len(self.classes), dtype=np.float32)[targets]

    def film_weights(self, rows: np.ndarray) -> np.ndarray:
        """Weight in the loss (films,) float32 of some rows."""
        return self.dataset.table["label"].iloc[rows].map(self.weights).to_numpy(np.float32)

    def record(self) -> dict:
        """The card's account of the training data."""
        table = self.dataset.table
        films = {split: table[table["split"] == split]["label"].value_counts().to_dict() for split in self.splits}
        return data_record(self.dataset, films, "label")

    @property
    def splits(self) -> list[str]:
        """The splits that have films."""
        return [name for name in SPLITS if len(self.rows(name))]


@dataclasses.dataclass
class PreparedFindings(Prepared):
    """The same of films with any number of the classes; ``weights`` are those of films that have the finding.

    Attributes:
        absent_weights: Of each class, those of films that have it not.
    """

    absent_weights: dict[str, float]
    task = MULTI_LABEL

    def targets(self, rows: np.ndarray) -> np.ndarray:
        """0 or 1 (films, classes) int of some rows."""
        return indicators(self.dataset.table["label"].iloc[rows], self.classes).astype(np.int64)

    def encoded(self, rows: np.ndarray) -> np.ndarray:
        """Targets of the loss (films, classes) float32."""
        return self.targets(rows).astype(np.float32)

    def film_weights(self, rows: np.ndarray) -> np.ndarray:
        """Weight in the loss (films, classes) float32 of every film and finding of some rows."""
        present, absent = ([part[name] for name in self.classes] for part in (self.weights, self.absent_weights))
        return np.where(self.targets(rows), present, absent).astype(np.float32)

    def record(self) -> dict:
        """The card's account of the training data: films by finding, and the column of the findings."""
        films = {split: self.counts.drop("all")[split].to_dict() for split in self.splits}
        return {**data_record(self.dataset, films, "label"), "multi_label": self.dataset.multi_label}


def prepared_findings(
    dataset: Dataset, pixels: np.ndarray, classes: list[str], how: str, preprocessing: Preprocessing
) -> PreparedFindings:
    """Findings to learn, weighted as ``how`` says; see ``data.multi_label.finding_weights``."""
    trained = np.flatnonzero(dataset.table["split"] == "train")
    truth = indicators(dataset.table["label"].iloc[trained], classes)
    present, absent = (dict(zip(classes, map(float, part), strict=True)) for part in finding_weights(how, truth))
    counts = finding_counts(dataset.table, classes)
    return PreparedFindings(dataset, pixels, classes, trained, present, counts, preprocessing, absent)

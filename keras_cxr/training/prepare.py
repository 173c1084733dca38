"""Dataset and recipe to what a training works on: decoded films, splits, classes and weights."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.audit.early import early_notes
from keras_cxr.data.augment import Augmentation
from keras_cxr.data.check import check, class_weights, ordered_classes, positive_weight, summary
from keras_cxr.data.enhance import MATCH, cumulative_histogram, match, steps
from keras_cxr.data.geometry import shown_part
from keras_cxr.data.load import load_films
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import data_record
from keras_cxr.data.splits import assign_splits
from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.lungs.source import lung_masks
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.sampling import sample


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
    """

    dataset: Dataset
    pixels: np.ndarray
    classes: list[str]
    trained: np.ndarray
    weights: dict[str, float]
    counts: pd.DataFrame
    preprocessing: Preprocessing

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


def prepare(dataset: Dataset, recipe: Recipe, monitor: Monitor) -> Prepared:
    """Read every film, split by patient, and show what is there.

    Raises:
        CxrError: Every fault of the data set, together.
    """
    preprocessing = Preprocessing(recipe.size, recipe.fit, recipe.enhance, lungs=recipe.lungs)
    known = dict(zip(dataset.table["path"], dataset.table["mask"], strict=True)) if "mask" in dataset.table else None
    masks = lung_masks(recipe.lungs, recipe.lung_masks, recipe.lungs_model, known)
    # The caller's stays as it was read: another recipe may split it otherwise.
    dataset = dataclasses.replace(dataset, table=dataset.table.copy(), notes=[*dataset.notes])
    monitor.start("Reading films", len(dataset.table))
    pixels = load_films(dataset, preprocessing, monitor.advance, masks)
    assign_splits(dataset, recipe.fractions, recipe.seed_of_split, recipe.split_by)
    dataset.notes.extend(early_notes(dataset.table))
    for note in dataset.notes:
        monitor.note(note)
    # A data set's own test split counts even where none was asked for.
    test = recipe.fractions[2] > 0 or (dataset.table["split"] == "test").any()
    check(dataset, SPLITS if test else SPLITS[:2])
    if MATCH in steps(recipe.enhance):
        preprocessing = _match_to_training(pixels, dataset.table, preprocessing)
    classes = ordered_classes(dataset.table["label"], recipe.positive)
    trained = _rows_to_train_on(dataset.table, recipe, monitor)
    weights = _WEIGHTS[recipe.class_weights](dataset.table["label"].iloc[trained], classes)
    counts = summary(dataset, classes)
    monitor.data(counts, _sizes(dataset.table), weights)
    return Prepared(dataset, pixels, classes, trained, weights, counts, preprocessing)


_WEIGHTS = {
    "balanced": class_weights,
    "positive": positive_weight,
    "none": lambda labels, classes: dict.fromkeys(classes, 1.0),
}


def _rows_to_train_on(table: pd.DataFrame, recipe: Recipe, monitor: Monitor) -> np.ndarray:
    rows = np.flatnonzero(table["split"] == "train")
    trained = sample(rows, pd.factorize(table["label"].iloc[rows], sort=True)[0], recipe.sampling, recipe.seed)
    if recipe.sampling != "none":
        monitor.note(f"By {recipe.sampling}, {len(trained)} films are trained on in place of {len(rows)}.")
    return trained


def _match_to_training(pixels: np.ndarray, table: pd.DataFrame, preprocessing: Preprocessing) -> Preprocessing:
    """Match ``pixels`` in place to the mean histogram of the training films, and return the settings that do so."""
    facts = zip(table["width"], table["height"], table["region"], strict=True)
    places = [shown_part(*fact, preprocessing) for fact in facts]
    training = np.flatnonzero(table["split"] == "train")
    reference = cumulative_histogram([pixels[row][places[row]] for row in training])
    for canvas, place in zip(pixels, places, strict=True):
        canvas[place] = match(canvas[place], reference)
    return dataclasses.replace(preprocessing, reference=reference)


def _sizes(table: pd.DataFrame) -> str:
    width, height = table["width"], table["height"]
    if width.nunique() == 1 and height.nunique() == 1:
        return f"{width.iloc[0]} × {height.iloc[0]} pixels"
    return (
        f"{width.min()}–{width.max()} × {height.min()}–{height.max()} pixels, "
        f"median {width.median():.0f} × {height.median():.0f}"
    )


def augmentation(recipe: Recipe) -> Augmentation:
    """The augmentation that a recipe asks for."""
    return Augmentation(**{field.name: getattr(recipe, field.name) for field in dataclasses.fields(Augmentation)})

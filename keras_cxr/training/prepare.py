"""Dataset and recipe to what a training works on: decoded films, splits, classes and weights."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.audit.early import early_notes
from keras_cxr.data.augment import Augmentation
from keras_cxr.data.check import check, class_weights, ordered_classes, positive_weight, summary
from keras_cxr.data.enhance import MATCH, cumulative_histogram, match, steps
from keras_cxr.data.geometry import places_of
from keras_cxr.data.layouts.findings import FINDING
from keras_cxr.data.load import load_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.multi_label import learnable_findings
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.splits import assign_splits
from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.errors import UsageError
from keras_cxr.evaluation.findings import NO_FINDING
from keras_cxr.lungs.source import lung_masks
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.permute import permute_labels
from keras_cxr.training.prepared import Prepared, prepared_findings
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.sampling import sample


def prepare(dataset: Dataset, recipe: Recipe, monitor: Monitor) -> Prepared:
    """Read every film, split by patient, and show what is there.

    Raises:
        CxrError: Every fault of the data set, together.
        UsageError: Of the recipe and the data set one alone is multi-label.
    """
    if bool(recipe.multi_label) != bool(dataset.multi_label):
        raise UsageError(
            "The 'multi_label' setting (--multi-label) must name the column that the labels were read from. Received: "
            f"{recipe.multi_label or 'none'}; the labels were read from {dataset.multi_label or 'no such column'}."
        )
    preprocessing = Preprocessing(recipe.size, recipe.fit, recipe.enhance, lungs=recipe.lungs)
    masks = masks_of(dataset, recipe)
    # The caller's stays as it was read: another recipe may split it otherwise.
    dataset = dataclasses.replace(dataset, table=dataset.table.copy(), notes=[*dataset.notes], faults=[*dataset.faults])
    monitor.start("Reading films", len(dataset.table))
    pixels = load_films(dataset, preprocessing, monitor.advance, masks)
    assign_splits(dataset, recipe.fractions, recipe.seed_of_split, recipe.split_by)
    # A data set's own test split counts even where none was asked for.
    test = recipe.fractions[2] > 0 or (dataset.table["split"] == "test").any()
    splits = SPLITS if test else SPLITS[:2]
    findings = _findings(dataset, splits, recipe.min_films) if dataset.multi_label else []
    dataset.notes.extend(early_notes(_judged(dataset)))
    for note in dataset.notes:
        monitor.note(note)
    check(dataset, splits)
    if recipe.permute_labels:
        monitor.note(permute_labels(dataset, findings, recipe.seed))
    if MATCH in steps(recipe.enhance):
        preprocessing = _match_to_training(pixels, dataset.table, preprocessing)
    if dataset.multi_label:
        data = prepared_findings(dataset, pixels, findings, recipe.class_weights, preprocessing)
    else:
        classes = ordered_classes(dataset.table["label"], recipe.positive)
        trained = _rows_to_train_on(dataset.table, recipe, monitor)
        weights = _WEIGHTS[recipe.class_weights](dataset.table["label"].iloc[trained], classes)
        data = Prepared(dataset, pixels, classes, trained, weights, summary(dataset, classes), preprocessing)
    monitor.data(data.counts, _sizes(dataset.table), data.weights)
    return data


def _findings(dataset: Dataset, splits: tuple[str, ...], fewest: int) -> list[str]:
    """The findings to learn; those left out become notes, too few of them a fault."""
    found, notes = learnable_findings(dataset, splits, fewest)
    dataset.notes.extend(notes)
    if len(found) < 2:
        dataset.faults.append(
            f"{', '.join(found) or 'No finding'} can be learnt: multi-label needs two findings that {fewest} training "
            "films or more have (--min-films). For one finding give --finding NAME."
        )
    return found


def _judged(dataset: Dataset) -> pd.DataFrame:
    """The films with labels that their sizes might give away; multi-label, whether there is any finding."""
    if not dataset.multi_label:
        return dataset.table
    none = dataset.table["label"] == NO_FINDING
    return dataset.table.assign(label=np.where(none, NO_FINDING, FINDING))


_WEIGHTS = {
    "balanced": class_weights,
    "positive": positive_weight,
    "none": lambda labels, classes: dict.fromkeys(classes, 1.0),
}


def masks_of(dataset: Dataset, recipe: Recipe) -> LungMasks | None:
    """The lung masks that a training of ``recipe`` on ``dataset`` takes."""
    known = dict(zip(dataset.table["path"], dataset.table["mask"], strict=True)) if "mask" in dataset.table else None
    return lung_masks(recipe.lungs, recipe.lung_masks, recipe.lungs_model, known)


def _rows_to_train_on(table: pd.DataFrame, recipe: Recipe, monitor: Monitor) -> np.ndarray:
    rows = np.flatnonzero(table["split"] == "train")
    trained = sample(rows, pd.factorize(table["label"].iloc[rows], sort=True)[0], recipe.sampling, recipe.seed)
    if recipe.sampling != "none":
        monitor.note(f"By {recipe.sampling}, {len(trained)} films are trained on in place of {len(rows)}.")
    return trained


def _match_to_training(pixels: np.ndarray, table: pd.DataFrame, preprocessing: Preprocessing) -> Preprocessing:
    """Match ``pixels`` in place to the mean histogram of the training films, and return the settings that do so."""
    places = places_of(table, preprocessing)
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

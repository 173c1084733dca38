"""Cross-validation: every film is predicted by a network that has not seen its patient."""

import dataclasses
import hashlib
import pathlib

import numpy as np
import pandas as pd

from keras_cxr.data.fingerprints import content_hashes
from keras_cxr.data.folds import deal_folds, hold_out
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.multi_label import require_one_class
from keras_cxr.data.record import data_record, splits_table
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.scores import score
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import RECIPE, SavedModel
from keras_cxr.prediction.serving.material import stored_material
from keras_cxr.prediction.serving.quiet import one_by_one
from keras_cxr.training.card import write_cards
from keras_cxr.training.ensemble import alike, threshold_from, with_scores, write_network
from keras_cxr.training.folder import begin_folder, check_folder
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import masks_of
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.runtimes import write_default_runtime
from keras_cxr.training.several import (
    PREDICTIONS,
    OnceMonitor,
    Several,
    labelled,
    train_members,
    write_scores,
)

OUT_OF_FOLD = "out of fold"
_EMPTY = hashlib.sha256(b"").hexdigest()


@one_by_one()
def cross_validate(
    dataset: Dataset,
    recipe: Recipe,
    folder: pathlib.Path,
    folds: int = 5,
    monitor: Monitor | None = None,
    resume: bool = False,
    runtimes: bool = True,
) -> Several:
    """Train a network a fold, score the out-of-fold predictions, and make an ensemble of the networks.

    In each fold its films are the test split, and the others are dealt into train and val by the recipe's shares;
    epoch, temperature and threshold of its network are chosen on its own val. A test split that the data set brings
    stays out of all folds.

    ``folder`` gets a saved model a fold (``fold-1`` …), ``predictions.csv`` with a ``fold`` column, ``scores.csv``
    (the pooled out-of-fold predictions, with intervals by patient; the mean over the folds, see
    ``evaluation.folds.mean_scores``; each fold) and becomes a saved model itself, the ensemble. Its threshold and
    the scores on its card are from the out-of-fold predictions: each is one network's, so the scores are of such a
    network, not of the ensemble, which has seen every film.

    Args:
        dataset: From ``data.source.read_dataset``.
        recipe: What to train and how; the same in every fold.
        folder: New, or that of an unfinished cross-validation to ``resume``.
        folds: Their number, 2 or more.
        monitor: Told what happens.
        resume: Keep the finished folds, and go on with the unfinished one.
        runtimes: Write the ensemble's files for the faster runtime; see ``training.runtimes``.

    Raises:
        CxrError: Faults of the data set; a folder that is taken; films that have changed; too few patients.
        UsageError: A recipe that cannot be meant, or, resuming, one that differs from the folder's.
    """
    require_one_class(dataset, "A cross-validation")
    monitor = OnceMonitor(monitor or Monitor())
    check_folder(folder, recipe, resume)
    dataset, own_test = _films_to_deal(dataset, monitor)
    numbers = deal_folds(dataset.table, folds, recipe.seed_of_split, recipe.split_by)
    members = {
        f"fold-{fold}": (
            hold_out(dataset, numbers, fold, recipe.fractions, recipe.seed_of_split, recipe.split_by),
            recipe,
        )
        for fold in range(1, folds + 1)
    }
    begin_folder(folder, recipe, _splits(dataset, numbers, own_test), "The films, or the number of folds,")
    models = train_members(members, folder, monitor, resume)
    parts = _out_of_fold(models, dataset, numbers, masks_of(dataset, recipe), monitor)
    predictions = pd.concat(parts.values(), ignore_index=True)
    write_csv(folder / PREDICTIONS, predictions)
    classes = models[0].card.classes
    whole = score(predictions, classes, OUT_OF_FOLD, folder.name)
    runs = {name: score(part, classes, name, f"{folder.name}/{name}") for name, part in parts.items()}
    table = write_scores(folder, whole, runs, "folds")
    ensemble = _ensemble(folder, models, _record(dataset, predictions, own_test), predictions, whole, monitor)
    if ensemble and runtimes:
        write_default_runtime(ensemble, lambda: stored_material(ensemble), monitor)
    return Several(models, ensemble, table)


def _out_of_fold(
    models: list[SavedModel], dataset: Dataset, folds: np.ndarray, masks: LungMasks | None, monitor: Monitor
) -> dict[str, pd.DataFrame]:
    """By the model's name, the predictions of the films of its own fold."""
    parts = {}
    for fold, model in enumerate(models, 1):
        parts[model.folder.name] = labelled(model, dataset.table[folds == fold], dataset.root, masks, monitor)
        parts[model.folder.name].insert(0, "fold", fold)
    return parts


def _films_to_deal(dataset: Dataset, monitor: Monitor) -> tuple[Dataset, pd.DataFrame]:
    """The films for the folds and those of the data set's own test split, all with ``sha256``."""
    table, notes = dataset.table.copy(), [*dataset.notes]
    table["sha256"] = content_hashes(table["path"])
    # Files without content are alike, and would tie their patients together.
    empty = table["sha256"].isin(["", _EMPTY])
    if empty.any():
        notes.append(f"{int(empty.sum())} files that are empty or cannot be opened are left out.")
    table = table[~empty]
    own = (table["split"] == "test") & (table["split"].nunique() > 1)
    test, table = table[own], table[~own].reset_index(drop=True)
    if len(test):
        notes.append(f"The data set's own test split ({len(test)} films) stays out of all folds.")
        both = set(test["patient"][test["patient"] != ""]) & set(table["patient"])
        if both:
            notes.append(f"{len(both)} patients have films in that test split and in the folds.")
    for note in notes:
        monitor.note(note)
    if table.empty:
        raise CxrError(f"None of the {len(dataset.table)} films of '{dataset.root}' can be read.")
    return dataclasses.replace(dataset, table=table, notes=notes), test


def _splits(dataset: Dataset, folds: np.ndarray, test: pd.DataFrame) -> pd.DataFrame:
    """``splits.csv`` of the ensemble, with a ``fold`` column: it has seen every film but those of ``test``."""
    seen = splits_table(dataclasses.replace(dataset, table=dataset.table.assign(split="train"))).assign(fold=folds)
    unseen = splits_table(dataclasses.replace(dataset, table=test)).assign(fold="")
    return pd.concat([seen, unseen], ignore_index=True).astype(str)


def _record(dataset: Dataset, predictions: pd.DataFrame, test: pd.DataFrame) -> dict:
    """The card's account of the films that could be read."""
    read = set(predictions["image"][predictions["error"] == ""])
    names = dataset.table["path"].map(lambda path: relative_name(path, dataset.root))
    table = pd.concat([dataset.table[names.isin(read)].assign(split="train"), test], ignore_index=True)
    films = {split: part["label"].value_counts().to_dict() for split, part in table.groupby("split")}
    return data_record(dataclasses.replace(dataset, table=table), films, "label")


def _ensemble(
    folder: pathlib.Path,
    models: list[SavedModel],
    data: dict,
    predictions: pd.DataFrame,
    scores: pd.DataFrame,
    monitor: Monitor,
) -> SavedModel | None:
    if not alike(models):
        monitor.note(
            "Each fold matches films to a histogram of its own (--enhance match): there is no ensemble, but each fold "
            "is a model."
        )
        # With a recipe and without a card it would pass for unfinished.
        (folder / RECIPE).unlink()
        return None
    model = write_network(folder, models, data, OUT_OF_FOLD)
    card = with_scores(model.card, threshold_from(predictions, model.card.classes), scores)
    write_cards(folder, card)
    return dataclasses.replace(model, card=card)

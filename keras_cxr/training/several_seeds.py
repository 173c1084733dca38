"""The same training from several seeds: how far chance moves the scores, and an ensemble."""

import dataclasses
import pathlib

import pandas as pd

from keras_cxr.data.record import read_splits
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.evaluation.scores import score
from keras_cxr.evaluation.table import scores_table
from keras_cxr.files import write_csv
from keras_cxr.models.forward import forward
from keras_cxr.models.saved_model import RECIPE, SPLITS, SavedModel
from keras_cxr.prediction.serving.material import stored_material
from keras_cxr.prediction.serving.quiet import one_by_one
from keras_cxr.prediction.table import predictions_table
from keras_cxr.training.card import write_cards
from keras_cxr.training.ensemble import threshold_from, with_scores, write_network
from keras_cxr.training.folder import check_folder
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.permute import check_one_seed
from keras_cxr.training.prepare import masks_of
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.recipe_file import write_recipe
from keras_cxr.training.runtimes import write_default_runtime
from keras_cxr.training.several import OnceMonitor, Several, labelled, train_members, write_scores


@one_by_one()
def train_seeds(
    dataset: Dataset,
    recipe: Recipe,
    folder: pathlib.Path,
    count: int,
    monitor: Monitor | None = None,
    resume: bool = False,
    runtimes: bool = True,
) -> Several:
    """Train with the recipe's seed and those after it, on the same split, and make an ensemble of the networks.

    ``folder`` gets a saved model a seed (``seed-0`` …), ``scores.csv`` (of the ensemble, their mean, and each, on the
    validation split) and becomes a saved model itself, the ensemble; its threshold is chosen on the validation split.

    Args:
        dataset: From ``data.source.read_dataset``.
        recipe: What to train and how.
        folder: New, or that of an unfinished training to ``resume``.
        count: Seeds, 2 or more.
        monitor: Told what happens.
        resume: Keep the finished trainings, and go on with the unfinished one.
        runtimes: Write the ensemble's files for the faster runtime; see ``training.runtimes``.

    Raises:
        CxrError, UsageError: As ``train``; a recipe that permutes labels.
    """
    check_one_seed(recipe)
    monitor = OnceMonitor(monitor or Monitor())
    check_folder(folder, recipe, resume)
    write_recipe(folder / RECIPE, recipe)
    seeds = range(recipe.seed, recipe.seed + count)
    members = {
        f"seed-{seed}": (dataset, dataclasses.replace(recipe, seed=seed, split_seed=recipe.seed_of_split))
        for seed in seeds
    }
    models = train_members(members, folder, monitor, resume)
    splits = read_splits(models[0].folder / SPLITS)
    write_csv(folder / SPLITS, splits)
    model = write_network(folder, models, models[0].card.data, "validation")
    names = dataset.table["path"].map(lambda path: relative_name(path, dataset.root))
    films = dataset.table[names.isin(splits["image"][splits["split"] == "val"])]
    run = forward(model.network())
    validation = labelled(model, films, dataset.root, masks_of(dataset, recipe), monitor, run)
    classes, task = model.card.classes, model.card.task
    threshold = threshold_from(validation, classes, task)
    validation = _decided(validation, classes, threshold)
    whole = score(validation, classes, "ensemble", folder.name, task=task)
    table = write_scores(folder, whole, {one.folder.name: _scores_of(one, folder) for one in models}, "seeds")
    card = with_scores(model.card, threshold, whole)
    write_cards(folder, card)
    ensemble = dataclasses.replace(model, card=card)
    if runtimes:
        write_default_runtime(ensemble, lambda: stored_material(ensemble), monitor)
    return Several(models, ensemble, table)


def _decided(table: pd.DataFrame, classes: list[str], threshold: float | dict[str, float] | None) -> pd.DataFrame:
    """The predictions with the labels that a threshold gives them."""
    good = table["error"] == ""
    likely = table.loc[good, [f"p_{name}" for name in classes]].to_numpy()
    decided = predictions_table(list(table["image"]), likely, classes, threshold, list(table["error"]))
    return decided.assign(truth=table["truth"], patient=table["patient"])


def _scores_of(model: SavedModel, folder: pathlib.Path) -> pd.DataFrame:
    """The validation scores on a member's card as a scores table."""
    name = model.folder.name
    return scores_table([{"dataset": name, "model": f"{folder.name}/{name}", **row} for row in model.card.scores])

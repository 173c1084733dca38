"""Dataset and recipe to a saved model."""

import dataclasses
import pathlib
import shutil

import keras
import pandas as pd

from keras_cxr.data.multi_label import class_count
from keras_cxr.data.record import splits_table
from keras_cxr.data.table import Dataset
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.files import whole_file, write_csv
from keras_cxr.lungs.source import OWN
from keras_cxr.models.freeze import layers_from
from keras_cxr.models.network import build
from keras_cxr.models.registry import find
from keras_cxr.models.saved_model import FIGURES, HISTORY, NETWORK, SavedModel, open_model
from keras_cxr.report.learning import learning_curves
from keras_cxr.training.card import make_card, write_cards
from keras_cxr.training.checkpoint import Checkpoint
from keras_cxr.training.control import kept_by
from keras_cxr.training.devices import dtype_policy, resolve_precision, strategy
from keras_cxr.training.familiarity import keep_what_is_usual
from keras_cxr.training.fit import fit
from keras_cxr.training.folder import begin_folder, check_folder
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.normalization import fix_normalization, pixel_statistics
from keras_cxr.training.permute import how_well_learnt
from keras_cxr.training.prepare import prepare
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.runtimes import decoded_films, write_default_runtime
from keras_cxr.training.weighted_odds import undo_weights


def train(
    dataset: Dataset,
    recipe: Recipe,
    folder: pathlib.Path,
    monitor: Monitor | None = None,
    resume: bool = False,
    runtimes: bool = True,
) -> SavedModel:
    """Train a network and write its folder.

    Args:
        dataset: From ``data.source.read_dataset``.
        recipe: What to train and how.
        folder: The saved model's folder; new, or that of an unfinished training to ``resume``.
        monitor: Told what happens.
        resume: Go on after the last finished epoch; the result is that of an unbroken training.
        runtimes: Write the files of the faster runtime too; see ``training.runtimes``.

    Raises:
        CxrError: Faults of the data set; a folder that is taken; weights that cannot be had.
        UsageError: A recipe that cannot be meant, or, resuming, one that differs from the folder's.
    """
    monitor = monitor or Monitor()
    recipe = dataclasses.replace(recipe, size=recipe.size or find(recipe.architecture).input_size)
    precision = resolve_precision(recipe.precision)
    check_folder(folder, recipe, resume)
    keras.utils.set_random_seed(recipe.seed)
    with dtype_policy(precision), strategy().scope():
        # Built before the films are read: a wrong layer or missing weights are told at once.
        network = _build(recipe, class_count(dataset), bool(dataset.multi_label))
        data = prepare(dataset, recipe, monitor)
        if dataset.multi_label and network.output_shape[-1] != len(data.classes):
            # How many findings are common enough is known once the films are split.
            keras.utils.set_random_seed(recipe.seed)
            network = _build(recipe, len(data.classes), True)
        if recipe.normalization == "dataset":
            fix_normalization(network, *pixel_statistics(data.pixels, data.trained))
        begin_folder(folder, recipe, splits_table(data.dataset))
        checkpoint = Checkpoint(folder / "training", kept_by(recipe))
        history = fit(network, data, recipe, checkpoint, monitor)
        if recipe.permute_labels:
            monitor.note(how_well_learnt(data, history))
        if data.task == MULTI_LABEL:
            undo_weights(network, data)
    _write_network(folder, network)
    if recipe.lungs != "none" and recipe.lung_masks is None and recipe.lungs_model is not None:
        # The folder is the whole record: what finds the lungs of new films goes with it.
        shutil.copytree(recipe.lungs_model, folder / OWN, dirs_exist_ok=True)
    card = make_card(folder.name, network, data, recipe, history, precision, monitor)
    table = pd.DataFrame(history)
    write_csv(folder / HISTORY, table)
    learning_curves(table, folder / FIGURES / "learning_curves.png", best_epoch=card.training["best_epoch"])
    keep_what_is_usual(folder, network, data, recipe, monitor)
    write_cards(folder, card)
    checkpoint.remove()
    model = open_model(folder)
    if runtimes:
        write_default_runtime(model, lambda: decoded_films(data), monitor)
    return model


def _build(recipe: Recipe, classes: int, multi_label: bool) -> keras.Model:
    network = build(
        recipe.architecture,
        # One class alone is a fault of the data set, which is told with all its others.
        classes=max(2, classes),
        size=recipe.size,
        weights=recipe.weights,
        features_from=recipe.features_from,
        channels=recipe.channels,
        dropout=recipe.dropout,
        multi_label=multi_label,
    )
    if recipe.unfreeze is not None:
        layers_from(network, recipe.unfreeze)
    return network


def _write_network(folder: pathlib.Path, network: keras.Model) -> None:
    # A model of its own around the same layers: without the optimizer, whose state would double the file.
    plain = keras.Model(network.input, network.output, name=network.name)
    with whole_file(folder / NETWORK) as temporary:
        plain.save(temporary)

"""Leave one data set out: train on all others and test on it, for each in turn."""

import dataclasses
import pathlib
from collections.abc import Callable, Iterator

import pandas as pd

from keras_cxr.data.films import Film
from keras_cxr.data.joined import check_count, join_without, with_hashes
from keras_cxr.data.mapping import lacking_classes
from keras_cxr.data.multi_label import all_findings
from keras_cxr.data.record import splits_table
from keras_cxr.data.table import Dataset, dataset_names
from keras_cxr.models.saved_model import RECIPE, SavedModel
from keras_cxr.prediction.matrix import DATASETS, Matrix, evaluate_matrix
from keras_cxr.prediction.serving.material import stored_material
from keras_cxr.prediction.serving.quiet import one_by_one
from keras_cxr.prediction.serving.runtime_record import FOLDER
from keras_cxr.prediction.serving.runtimes import Run
from keras_cxr.training.card import write_cards
from keras_cxr.training.folder import begin_folder, check_folder
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import masks_of
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.runtimes import write_default_runtime
from keras_cxr.training.several import OnceMonitor, train_members


@one_by_one()
def leave_one_out(
    datasets: list[Dataset],
    recipe: Recipe,
    folder: pathlib.Path,
    monitor: Monitor | None = None,
    resume: bool = False,
    runtimes: bool = True,
    find_run: Callable[[SavedModel, Iterator[Film]], Run | None] | None = None,
) -> Matrix:
    """Train a network a data set, on all others, and score each network on all data sets.

    A network has seen no film of the data set that it is named after; there every film is scored. Of the others each
    is split by itself as ``train`` would split it, and the networks are scored on their test splits, for what is
    lost outside to be told. Epoch, temperature and threshold are chosen on the validation splits of the others.
    See ``data.joined.join_without`` for patients and films that several sets have.

    ``folder`` gets a saved model a data set (``without-A`` …), in whose folder lies its evaluation too, and what
    ``prediction.matrix.evaluate_matrix`` writes.

    Args:
        datasets: From ``data.source.read_datasets``, two or more; their labels already brought together.
        recipe: What to train and how.
        folder: New, or that of an unfinished run to ``resume``.
        monitor: Told what happens.
        resume: Keep the finished trainings, and go on with the unfinished one.
        runtimes: Write each model's files for the faster runtime; see ``training.runtimes``.
        find_run: Chooses what labels the films, see ``prediction.matrix.evaluate_matrix``; by default Keras.

    Raises:
        CxrError: Faults of the data; a folder that is taken; films that have changed.
        UsageError: Fewer than two data sets; a recipe that cannot be meant, or, resuming, one that differs.
    """
    check_count(len(datasets))
    monitor = OnceMonitor(monitor or Monitor())
    check_folder(folder, recipe, resume)
    by_name = dict(zip(dataset_names(datasets), map(with_hashes, datasets), strict=True))
    for note in lacking_classes({name: _classes(dataset) for name, dataset in by_name.items()}):
        monitor.note(note)
    splitting = recipe.fractions, recipe.seed_of_split, recipe.split_by
    members = {f"without-{name}": (join_without(by_name, name, *splitting), recipe) for name in by_name}
    begin_folder(folder, recipe, _films(by_name), "The data sets, or their films,")
    models = train_members(members, folder, monitor, resume)
    models = [_with_sources(model, list(by_name), left_out) for model, left_out in zip(models, by_name, strict=True)]
    for model in models if runtimes else ():
        if not (model.folder / FOLDER).is_dir():
            write_default_runtime(model, lambda model=model: stored_material(model), monitor)
    monitor.start("Labelling", sum(len(dataset.table) for dataset in datasets) * len(models))
    matrix = evaluate_matrix(
        {model.folder.name: model for model in models},
        datasets,
        folder,
        find_run,
        advance=monitor.advance,
        lung_masks=masks_of(_every_film(by_name), recipe),
    )
    # With a recipe and without a card it would pass for unfinished.
    (folder / RECIPE).unlink()
    return matrix


def _classes(dataset: Dataset) -> set[str]:
    labels = dataset.table["label"]
    return set(all_findings(labels) if dataset.multi_label else labels)


def _films(datasets: dict[str, Dataset]) -> pd.DataFrame:
    """What ``splits.csv`` of the whole run holds: every film, and the model that is tested on it as its split."""
    return pd.concat(
        [splits_table(dataset).assign(split=f"without-{name}") for name, dataset in datasets.items()],
        ignore_index=True,
    ).astype(str)


def _with_sources(model: SavedModel, datasets: list[str], left_out: str) -> SavedModel:
    """The model with the names of the data sets that it was trained on in its card."""
    names = [name for name in datasets if name != left_out]
    card = dataclasses.replace(model.card, data={**model.card.data, DATASETS: names})
    if card != model.card:
        write_cards(model.folder, card)
    return dataclasses.replace(model, card=card)


def _every_film(datasets: dict[str, Dataset]) -> Dataset:
    """One data set of all films and their masks, for ``masks_of``."""
    first, *_ = datasets.values()
    tables = [dataset.table.reindex(columns=["path", "mask"], fill_value="") for dataset in datasets.values()]
    return dataclasses.replace(first, table=pd.concat(tables, ignore_index=True))

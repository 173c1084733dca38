"""Saved model and labelled data sets to predictions, scores and figures."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator

import pandas as pd

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.errors import CxrError
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.group_columns import group_columns
from keras_cxr.prediction.label_films import label_films
from keras_cxr.prediction.own_films import films_to_score
from keras_cxr.prediction.runtimes import Run
from keras_cxr.prediction.score_options import ScoreOptions
from keras_cxr.prediction.scoring import Evaluation, write_evaluation
from keras_cxr.prediction.stored_features import FeatureRun
from keras_cxr.prediction.validation_films import decide


def evaluate(
    model: SavedModel,
    datasets: list[Dataset],
    output: pathlib.Path,
    split: str | None = None,
    advance: Callable[[int], None] | None = None,
    lung_masks: str | os.PathLike | None = None,
    find_run: Callable[[Iterator[Film]], Run | None] | None = None,
    options: ScoreOptions | None = None,
) -> Evaluation:
    """Score a saved model on labelled data sets and write ``output``; see ``scoring.write_evaluation``.

    Args:
        model: The saved model; threshold and temperature are those of its card.
        datasets: Data sets to score, one row of figures each.
        output: Folder.
        split: See ``own_films.films_to_score``.
        advance: Called with the number of films after each chunk.
        lung_masks: Folder of mask files, for a model that sees lungs alone and carries no lung model.
        find_run: Chooses what computes the logits, None for Keras; it is shown the films, which are decoded as far as
            it reads them.
        options: What to score beside the usual; None for no more.

    Raises:
        CxrError: A data set has no film with a label that the model knows, or none that can be read.
        UsageError: Options that do not fit the classes, or a column to group by that is not there.
    """
    options, classes, names = options or ScoreOptions(), model.card.classes, dataset_names(datasets)
    options.check(classes)
    masks = masks_for(model, lung_masks)
    notes, tables, parts = [], [], {}
    for dataset in datasets:
        films, found = known_films(model, dataset, split)
        notes += [*dataset.notes, *dataset.faults, *found]
        tables.append(films)
    by, groups, found = group_columns(dict(zip(names, tables, strict=True)), options.by)
    options = dataclasses.replace(options, by=by)
    notes += found
    paths = [path for films in tables for path in films["path"]]
    run = find_run(read_films(paths, Preprocessing(**model.card.preprocessing), masks)) if find_run else None
    for name, dataset, films in zip(names, datasets, tables, strict=True):
        part = _predict(model, films, dataset.root, advance, masks, run)
        part.insert(0, "dataset", name)
        if (part["error"] != "").all():
            raise CxrError(f"No film of '{dataset.root}' can be read. First: {part['error'].iloc[0]}")
        parts[name] = part.assign(**{column: values.to_numpy() for column, values in groups[name].items()})
    decision, found = decide(model, datasets, options.at_sensitivity, masks, run)
    notes += found
    if isinstance(run, FeatureRun):
        notes.append(run.account())
    return write_evaluation(parts, classes, model.card.name, options, decision, output, notes)


def dataset_names(datasets: list[Dataset]) -> list[str]:
    """The folders' names, with the parent's before them where two are called alike, then with a number behind."""
    short = [dataset.root.name for dataset in datasets]
    names = [
        name if short.count(name) == 1 else f"{dataset.root.parent.name}-{name}"
        for name, dataset in zip(short, datasets, strict=True)
    ]
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, before, strict=True)]


def known_films(model: SavedModel, dataset: Dataset, split: str | None) -> tuple[pd.DataFrame, list[str]]:
    """The films of a data set to score whose labels the model knows, in its spelling, and notes for the user.

    Raises:
        CxrError: There is none.
    """
    by_lower = {name.lower(): name for name in model.card.classes}
    labels = dataset.table["label"]
    dataset.table["label"] = labels.map(lambda label: by_lower.get(label.lower(), label))
    films, notes = films_to_score(model, dataset, split)
    foreign = films[~films["label"].isin(model.card.classes)]
    films = films.drop(foreign.index)
    listed = ", ".join(f"{label} ({count})" for label, count in foreign["label"].value_counts().items())
    if not len(films):
        raise CxrError(
            f"No film of '{dataset.root}' to score: the model knows {', '.join(model.card.classes)}; "
            f"the data set has {listed or 'no other films than it was trained on'}. Rename with --map OLD=NEW."
        )
    if len(foreign):
        notes.append(f"Left out of {dataset.root.name}, as the model does not know the label: {listed}.")
    return films, notes


def _predict(
    model: SavedModel,
    films: pd.DataFrame,
    root: pathlib.Path,
    advance: Callable[[int], None] | None,
    masks: LungMasks | None,
    run: Run | None,
) -> pd.DataFrame:
    chunks = []
    for chunk in label_films(model, films["path"], masks=masks, run=run):
        chunks.append(chunk)
        if advance:
            advance(len(chunk))
    table = pd.concat(chunks, ignore_index=True)
    table["image"] = [relative_name(path, root) for path in table["image"]]
    table.insert(1, "truth", films["label"].to_numpy())
    table.insert(2, "patient", [relative_name(group, root) for group in patient_groups(films)])
    return table

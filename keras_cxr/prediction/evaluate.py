"""Saved model and labelled data sets to predictions, scores and figures."""

import dataclasses
import os
import pathlib
from collections.abc import Callable, Iterator

import pandas as pd

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.mapping import counted
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import Dataset, dataset_names
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.elsewhere.beside import Beside, look_beside
from keras_cxr.prediction.evaluated_card import write_evaluated_card
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.group_columns import group_columns
from keras_cxr.prediction.known_findings import known_findings
from keras_cxr.prediction.label_films import label_dataset
from keras_cxr.prediction.notes import control_notes
from keras_cxr.prediction.own_films import films_to_score, was_trained_on, with_content
from keras_cxr.prediction.score_options import ScoreOptions
from keras_cxr.prediction.scoring import Evaluation, write_evaluation
from keras_cxr.prediction.serving.runtimes import Run
from keras_cxr.prediction.stored_features import FeatureRun
from keras_cxr.prediction.validation_films import decide

# What an evaluation of several models writes beside, which would be taken for this one's.
MATRIX = ("matrix.csv", "matrix.png", "matrix.svg")


class NothingToScore(CxrError):
    """No film of any data set can be scored."""

    def __init__(self, notes: list[str]):
        super().__init__("No film can be scored. " + " ".join(notes))
        self.notes = notes


def evaluate(
    model: SavedModel,
    datasets: list[Dataset],
    output: pathlib.Path,
    split: str | None = None,
    advance: Callable[[int], None] | None = None,
    lung_masks: str | os.PathLike | LungMasks | None = None,
    find_run: Callable[[Iterator[Film]], Run | None] | None = None,
    options: ScoreOptions | None = None,
    pass_over: bool = False,
    beside: Beside | None = None,
) -> Evaluation:
    """Score a saved model on labelled data sets and write ``output``: see ``scoring.write_evaluation``, and a card.

    Args:
        model: The saved model; threshold and temperature are those of its card.
        datasets: Data sets to score, one row of figures each.
        output: Folder.
        split: See ``own_films.films_to_score``.
        advance: Called with the number of films after each chunk.
        lung_masks: Folder of mask files, or the masks, for a model that sees lungs alone and carries no lung model.
        find_run: Chooses what computes the logits, None for Keras; it is shown the films, which are decoded as far as
            it reads them.
        options: What to score beside the usual; None for no more.
        pass_over: A data set without a film to score becomes a note instead of an error.
        beside: What to look at beside the scores; None for nothing.

    Raises:
        CxrError: A data set has no film with a label that the model knows, or none that can be read.
        NothingToScore: The same, of every data set, where they are passed over.
        UsageError: Options that do not fit the classes, or a column to group by that is not there.
    """
    options, classes = options or ScoreOptions(), model.card.classes
    options.check(classes, model.card.task)
    masks = lung_masks if callable(lung_masks) else masks_for(model, lung_masks)
    by_name = dict(zip(dataset_names(datasets), map(with_content, datasets), strict=True))
    tables, notes = _to_score(model, by_name, split, pass_over)
    by, groups, found = group_columns(tables, options.by)
    options = dataclasses.replace(options, by=by)
    notes += found
    paths = [path for films in tables.values() for path in films["path"]]
    run = find_run(read_films(paths, Preprocessing(**model.card.preprocessing), masks)) if find_run else None
    parts = {}
    for name, films in tables.items():
        part = label_dataset(model, films, by_name[name].root, masks, run, advance)
        if fault := _unreadable(part, by_name[name], pass_over):
            notes.append(fault)
        else:
            parts[name] = _named(part, name, groups[name])
    if not parts:
        raise NothingToScore(notes)
    decision, found = decide(model, list(by_name.values()), options.at_sensitivity, masks, run)
    notes += control_notes(model) + found + _account(run)
    for file in MATRIX:
        (output / file).unlink(missing_ok=True)
    looked, found = look_beside(model, by_name, tables, parts, output, beside or Beside(), run, masks, advance)
    notes, task = [*notes, *found], model.card.task
    evaluation = write_evaluation(parts, classes, model.card.name, options, decision, output, notes, task)
    evaluation.beside = looked
    write_evaluated_card(model, evaluation, [one for one in parts if was_trained_on(model, tables[one])], output)
    return evaluation


def _named(predictions: pd.DataFrame, dataset: str, groups: dict[str, pd.Series]) -> pd.DataFrame:
    """The predictions with the name of their data set before them, and the columns to score by behind."""
    predictions.insert(0, "dataset", dataset)
    return predictions.assign(**{column: values.to_numpy() for column, values in groups.items()})


def _unreadable(part: pd.DataFrame, dataset: Dataset, pass_over: bool) -> str:
    """Why a data set cannot be scored, where no film of it could be read; else ''."""
    if (part["error"] == "").any():
        return ""
    fault = f"No film of '{dataset.root}' can be read. First: {part['error'].iloc[0]}"
    if not pass_over:
        raise CxrError(fault)
    return fault


def _account(run: Run | None) -> list[str]:
    """What stored features have spared."""
    own = run.stands_for if isinstance(run, FamiliarRun) else run
    return [own.account()] if isinstance(own, FeatureRun) else []


def _to_score(
    model: SavedModel, datasets: dict[str, Dataset], split: str | None, pass_over: bool
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """The films to score by data set, and notes; see ``evaluate``."""
    tables, notes = {}, []
    for name, dataset in datasets.items():
        try:
            # Of its own: the labels take the model's spelling.
            own = dataclasses.replace(dataset, table=dataset.table.copy())
            tables[name], found = known_films(model, own, split)
        except UsageError:
            raise
        except CxrError as fault:
            if not pass_over:
                raise
            found = [str(fault)]
        notes += [*dataset.notes, *dataset.faults, *found]
    if not tables:
        raise NothingToScore(notes)
    return tables, notes


def known_films(model: SavedModel, dataset: Dataset, split: str | None) -> tuple[pd.DataFrame, list[str]]:
    """The films of a data set to score whose labels the model knows, in its spelling, and notes for the user.

    Raises:
        CxrError: There is none.
    """
    if model.card.task == MULTI_LABEL or dataset.multi_label:
        return known_findings(model, dataset, split)
    by_lower = {name.lower(): name for name in model.card.classes}
    labels = dataset.table["label"]
    dataset.table["label"] = labels.map(lambda label: by_lower.get(label.lower(), label))
    films, notes = films_to_score(model, dataset, split)
    foreign = films[~films["label"].isin(model.card.classes)]
    films = films.drop(foreign.index)
    listed = counted(foreign["label"])
    if not len(films):
        raise CxrError(
            f"No film of '{dataset.root}' to score: the model knows {', '.join(model.card.classes)}; "
            f"the data set has {listed or 'no other films than it was trained on'}. Rename with --map OLD=NEW."
        )
    if len(foreign):
        notes.append(f"Left out of {dataset.root.name}, as the model does not know the label: {listed}.")
    lacking = [name for name in model.card.classes if name not in set(films["label"])]
    if lacking:
        notes.append(f"{dataset.root.name} has no film to score of {', '.join(lacking)}, which the model knows.")
    return films, notes

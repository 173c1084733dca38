"""Predictions that any program wrote, and their truth, as CSV files: scored as a saved model's are, without a model."""

import dataclasses
import pathlib

import numpy as np
import pandas as pd

from keras_cxr.data.layouts.csv_files import read_csv
from keras_cxr.data.layouts.labels_csv import BESIDE, COLUMNS, find_column, label_values
from keras_cxr.data.layouts.multi_label import set_labels
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import SPLIT_NAMES, SPLITS
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.files import write_csv
from keras_cxr.prediction.decision import Decision, with_sensitivity
from keras_cxr.prediction.elsewhere.beside import clear_beside
from keras_cxr.prediction.evaluated_card import remove_evaluated_card
from keras_cxr.prediction.foreign.findings import foreign_findings
from keras_cxr.prediction.foreign.match_rows import match_rows
from keras_cxr.prediction.foreign.table import foreign_table
from keras_cxr.prediction.group_columns import group_columns
from keras_cxr.prediction.score_options import ScoreOptions
from keras_cxr.prediction.scoring import Evaluation, write_evaluation

UNMATCHED = "unmatched.csv"
SHOWN = 3


def evaluate_csv(
    predictions: pathlib.Path,
    truth: pathlib.Path,
    output: pathlib.Path,
    options: ScoreOptions | None = None,
    labels: LabelOptions | None = None,
    threshold: float | None = None,
    positive: str | None = None,
    split: str | None = None,
) -> Evaluation:
    """Score predictions in a CSV file and write ``output``; see ``scoring.write_evaluation``.

    Args:
        predictions: A row a film: ``image`` and what ``foreign_table`` reads; with ``labels.multi_label``, what
            ``foreign_findings`` reads.
        truth: A row a film: image and label; patient, split and columns to score by where known.
        output: Folder. Rows without a partner in the other file are written to unmatched.csv.
        options: What to score beside the usual; None for no more.
        labels: What the columns of ``truth`` are called, and labels to rename.
        threshold, positive: See ``foreign_table``.
        split: Score the films of this split alone; None or 'all': every film. For a threshold at a sensitivity the
            films of 'val' are taken, and then neither they nor those of 'train' are scored.

    Raises:
        CxrError: A file cannot be read, or the two do not fit each other.
        UsageError: Options that do not fit the classes.
    """
    options, labels = options or ScoreOptions(), labels or LabelOptions()
    answers, images = _answers(predictions)
    known = _truth(truth, labels)
    rows = match_rows(list(images), list(known["image"]))
    unmatched = _unmatched(rows, images, known["image"], predictions, truth)
    there = np.flatnonzero(rows >= 0)
    known = known.iloc[rows[there]].set_index(answers.index[there])
    task, read = (MULTI_LABEL, foreign_findings) if labels.multi_label else (ONE_CLASS, foreign_table)
    found = read(answers.iloc[there], images.iloc[there], known["label"], predictions, threshold, positive)
    options.check(found.classes, task)
    known = known.iloc[found.kept].reset_index(drop=True)
    by, groups, _ = group_columns({truth.name: known}, options.by)
    table = found.table.assign(patient=known["patient"], **groups[truth.name])
    notes = [*_about(unmatched, predictions, truth), *found.notes]
    if len(found.classes) == 2 and task == ONE_CLASS:
        notes.append(f"The positive class is {found.classes[1]}; --positive NAME makes it another.")
    decision = Decision(found.threshold)
    if options.at_sensitivity is not None:
        validation = table[known["split"] == "val"]
        decision, note = _decide(decision, validation, found.classes, options.at_sensitivity, truth.name)
        notes.append(note)
    table = table[_to_score(known["split"], split, bool(decision.points), truth)].reset_index(drop=True)
    if (table["error"] != "").all():
        raise CxrError(f"No film to score has a prediction in '{predictions}'. First: {table['error'].iloc[0]}.")
    name = truth.resolve().parent.name if truth.name == BESIDE else truth.stem
    table.insert(0, "dataset", name)
    options = dataclasses.replace(options, by=by)
    evaluation = write_evaluation(
        {name: table}, found.classes, predictions.stem, options, decision, output, notes, task
    )
    _tidy(output, unmatched)
    return evaluation


def _tidy(output: pathlib.Path, unmatched: pd.DataFrame) -> None:
    """Write the rows without a partner; what an earlier evaluation left would be taken for this one's."""
    clear_beside(output)
    remove_evaluated_card(output)
    (output / UNMATCHED).unlink(missing_ok=True)
    if len(unmatched):
        write_csv(output / UNMATCHED, unmatched)


def _answers(file: pathlib.Path) -> tuple[pd.DataFrame, pd.Series]:
    """The predictions file, and its column of film names."""
    content = read_csv(file, "predictions file")
    column = find_column(content, "image", None, file, needed=False)
    if column is None:
        raise CxrError(
            f"No image column in '{file}': expected one of {', '.join(COLUMNS['image'][:4])}. "
            f"It has: {', '.join(content.columns)}."
        )
    twice = content[column][content[column].duplicated()]
    if len(twice):
        raise CxrError(f"'{file}' names {twice.nunique()} films twice, first: {twice.iloc[0]}. Expected a row a film.")
    return content, content[column]


def _truth(file: pathlib.Path, labels: LabelOptions) -> pd.DataFrame:
    """The truth file: image, label, patient, split in this package's words, and every other column."""
    _, values = label_values(read_csv(file, "truth file"), file, labels)
    if labels.multi_label:
        values["label"], _ = set_labels(values["label"], labels.renamed)
    else:
        renamed = {old.lower(): new for old, new in labels.renamed}
        values["label"] = values["label"].map(lambda label: renamed.get(label.lower(), label))
    values["split"] = values["split"].str.lower().map(SPLIT_NAMES).fillna("")
    values = values[values["label"] != ""]
    if not len(values):
        raise CxrError(f"No row of '{file}' has a label.")
    kinds = values.groupby("image")["label"].nunique()
    if len(several := kinds[kinds > 1]):
        raise CxrError(f"{len(several)} films of '{file}' have rows with different labels, first: {several.index[0]}.")
    return values.drop_duplicates("image", ignore_index=True)


def _unmatched(
    rows: np.ndarray, images: pd.Series, known: pd.Series, predictions: pathlib.Path, truth: pathlib.Path
) -> pd.DataFrame:
    """The rows without a partner: ``file`` and ``image``.

    Raises:
        CxrError: No row has one.
    """
    if (rows < 0).all():
        raise CxrError(
            f"No film of '{predictions}' is in '{truth}': matched by file name, such as {_first(images)} and "
            f"{_first(known)}."
        )
    alone = np.setdiff1d(np.arange(len(known)), rows)
    return pd.DataFrame(
        [(str(predictions), image) for image in images[rows < 0]]
        + [(str(truth), image) for image in known.iloc[alone]],
        columns=["file", "image"],
    )


def _first(names: pd.Series) -> str:
    return f"'{names.iloc[0]}'" if len(names) else "(no row)"


def _about(unmatched: pd.DataFrame, predictions: pathlib.Path, truth: pathlib.Path) -> list[str]:
    notes = []
    for file, lacking in ((predictions, truth), (truth, predictions)):
        images = unmatched["image"][unmatched["file"] == str(file)]
        if len(images):
            shown = ", ".join(images[:SHOWN]) + (" …" if len(images) > SHOWN else "")
            notes.append(f"{len(images)} rows of {file} are not in {lacking} and are left out: {shown}")
    return notes


def _decide(
    decision: Decision, validation: pd.DataFrame, classes: list[str], sensitivity: float, file: str
) -> tuple[Decision, str]:
    if len(validation):
        return with_sensitivity(decision, validation, classes, sensitivity, f"of {file}")
    return decision, (
        f"--at-sensitivity {sensitivity:g} is passed over: {file} names no validation film (a column split with "
        "'val'), and a threshold is not chosen on the films that are scored."
    )


def _to_score(splits: pd.Series, split: str | None, chosen_on_validation: bool, truth: pathlib.Path) -> np.ndarray:
    """The rows to score, (n,) bool.

    Raises:
        CxrError: There is none.
    """
    rows = np.ones(len(splits), bool) if split in (None, "all") else (splits == split).to_numpy()
    if chosen_on_validation:
        rows &= ~splits.isin(["train", "val"]).to_numpy()
    if not rows.any():
        there = ", ".join(name for name in SPLITS if (splits == name).any()) or "none"
        without = ", without those of train and val, which --at-sensitivity takes" if chosen_on_validation else ""
        raise CxrError(f"No film of '{truth}' is left to score{without} (splits there: {there}).")
    return rows

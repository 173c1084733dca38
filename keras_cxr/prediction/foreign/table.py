"""A predictions table from the columns that other programs write."""

import dataclasses
import math
import os

import numpy as np
import pandas as pd

from keras_cxr.data.check import NEGATIVE_NAME, ordered_classes
from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.prediction.table import predictions_table

SCORE_COLUMNS = ("probability", "score")
EXPECTED = "p_<class> for every class, or probability or score of the positive class"
# Columns of rounded probabilities do not sum to 1 exactly.
ROUNDING = 0.02


@dataclasses.dataclass(frozen=True)
class ForeignTable:
    """Another program's predictions.

    Attributes:
        table: Predictions table with ``truth``; rows of a truth that is no class are left out.
        kept: The numbers of the rows that it has.
        classes: Of two, the second is positive.
        threshold: By which the labels were given; NaN where the program gave them itself, or of more classes.
        notes: Lines for the user.
    """

    table: pd.DataFrame
    kept: np.ndarray
    classes: list[str]
    threshold: float
    notes: list[str]


def foreign_table(
    answers: pd.DataFrame,
    images: pd.Series,
    truth: pd.Series,
    file: str | os.PathLike,
    threshold: float | None = None,
    positive: str | None = None,
) -> ForeignTable:
    """Read another program's predictions of films of known truth.

    Args:
        answers: Text; ``p_<class>`` for every class, or one of ``SCORE_COLUMNS``, that of the positive class between 0
            and 1; ``label`` and ``error`` where known. Rows without a probability count as failed.
        images: The films' names, in the order of ``answers``.
        truth: Their labels, in that order.
        file: Of ``answers``, for the messages.
        threshold: From which a film is positive; None: the labels that are given, without them 0.5.
        positive: The positive class of two.

    Raises:
        CxrError: A column is missing or holds something else, or no film's truth is one of the classes.
        UsageError: An unknown positive class, or ``positive`` or ``threshold`` where there are more than two classes.
    """
    classes = _classes(answers, truth, file, positive)
    if len(classes) > 2 and (positive is not None or threshold is not None):
        given = "--positive" if positive is not None else "--threshold"
        raise UsageError(f"{given} needs two classes. There are {len(classes)}: {', '.join(classes)}.")
    notes, by_lower = [], {name.lower(): name for name in classes}
    truth = truth.map(lambda label: by_lower.get(label.lower(), label))
    foreign = truth[~truth.isin(classes)]
    listed = ", ".join(f"{label} ({count})" for label, count in foreign.value_counts().items())
    kept = np.flatnonzero(truth.isin(classes))
    if not len(kept):
        raise CxrError(f"'{file}' knows the classes {', '.join(classes)}; the truth has {listed}. Rename with --map.")
    if len(foreign):
        notes.append(f"Left out, as the predictions do not know the label: {listed}.")
    answers, images, truth = answers.iloc[kept], images.iloc[kept], truth.iloc[kept]
    probabilities = _probabilities(answers, classes, file)
    given = _given_labels(answers, by_lower) if threshold is None else None
    errors = failed_rows(answers, probabilities, given)
    good = errors == ""
    limit = None if len(classes) > 2 else 0.5 if threshold is None else threshold
    table = predictions_table(list(images), probabilities[good], classes, limit, list(errors))
    if given is not None:
        _refuse_probability_of_label(answers, given[good], probabilities[good], classes, file)
        table = _with_labels(table, given, good, classes)
    table.insert(1, "truth", truth.to_numpy())
    own = math.nan if given is not None or limit is None else limit
    return ForeignTable(table, kept, classes, own, notes)


def _classes(answers: pd.DataFrame, truth: pd.Series, file: str | os.PathLike, positive: str | None) -> list[str]:
    names = class_columns(answers)
    if len(names) > 2:
        return names
    if len(names) == 2:
        negative = [name for name in names if NEGATIVE_NAME.match(name.lower())]
        chosen = positive or next((name for name in names if len(negative) == 1 and name not in negative), names[1])
        by_lower = {name.lower(): name for name in names}
        if chosen.lower() not in by_lower:
            raise unknown_name("class for --positive", chosen, names)
        return sorted(names, key=lambda name: name.lower() == chosen.lower())
    if not names and not any(column in answers for column in SCORE_COLUMNS):
        raise CxrError(f"'{file}' needs the columns {EXPECTED}. It has: {', '.join(answers.columns)}.")
    labels = pd.concat([truth, answers["label"]] if "label" in answers else [truth])
    labels = labels[labels != ""].drop_duplicates(keep="first")
    labels = labels[~labels.str.lower().duplicated()]
    if names:
        others = [label for label in labels if label.lower() != names[0].lower()]
        if positive is not None and positive.lower() != names[0].lower():
            raise UsageError(f"The '--positive' option must be {names[0]}, as '{file}' says. Received: {positive}.")
        if len(others) == 1:
            return [others[0], names[0]]
    elif len(labels) == 2:
        return ordered_classes(labels, positive)
    raise CxrError(
        f"'{file}' has one column of probabilities, which needs two classes. Truth and labels name: "
        f"{', '.join(labels) or 'none'}. Give p_<class> for every class."
    )


def class_columns(answers: pd.DataFrame) -> list[str]:
    """The names of the columns ``p_<name>``, in their order."""
    return [column[2:] for column in answers if column.startswith("p_") and len(column) > 2]


def _probabilities(answers: pd.DataFrame, classes: list[str], file: str | os.PathLike) -> np.ndarray:
    """(n, classes) float64, NaN where a row has none."""
    columns = [f"p_{name}" for name in classes if f"p_{name}" in answers]
    columns = columns or [next(column for column in SCORE_COLUMNS if column in answers)]
    numbers = np.column_stack([probabilities_of(answers[column], file) for column in columns])
    if len(columns) == 1:
        return np.column_stack([1 - numbers, numbers])
    sums = numbers.sum(axis=1)
    if len(odd := np.flatnonzero(np.abs(sums - 1) > ROUNDING * len(classes) / 2)):
        raise CxrError(
            f"The columns {', '.join(columns)} of '{file}' must sum to 1 in each row. Received: {sums[odd[0]]:.4g} in "
            f"row {answers.index[odd[0]] + 2}. Independent scores of several findings need --multi-label COLUMN."
        )
    return numbers


def probabilities_of(column: pd.Series, file: str | os.PathLike) -> np.ndarray:
    """(n,) float64 between 0 and 1 of a column of text, NaN where it is empty.

    Raises:
        CxrError: Something else than a number, or one below 0 or above 1.
    """
    text = column.str.strip()
    numbers = pd.to_numeric(text, errors="coerce").astype("float64")
    wrong = numbers.isna() & (text != "") & ~text.str.lower().isin(["nan", "na", "none", "null"])
    if wrong.any():
        row = int(np.argmax(wrong))
        raise CxrError(
            f"The column {column.name} of '{file}' must hold numbers. Received: '{text.iloc[row]}' in row "
            f"{column.index[row] + 2}."
        )
    outside = numbers[(numbers < 0) | (numbers > 1)]
    if len(outside):
        raise CxrError(
            f"The column {column.name} of '{file}' must hold probabilities between 0 and 1. Received: "
            f"{outside.iloc[0]:g}. Logits need a sigmoid or softmax first."
        )
    return numbers.to_numpy()


def _given_labels(answers: pd.DataFrame, by_lower: dict[str, str]) -> np.ndarray | None:
    if "label" not in answers:
        return None
    return answers["label"].str.strip().map(lambda label: by_lower.get(label.lower(), label)).to_numpy(object)


def failed_rows(answers: pd.DataFrame, probabilities: np.ndarray, given: np.ndarray | None) -> np.ndarray:
    """(n,) why a row has failed, '' where it has not: its own error, no probability, or no label where labels count."""
    errors = np.array(answers["error"].str.strip() if "error" in answers else [""] * len(answers), dtype=object)
    errors[(errors == "") & np.isnan(probabilities).any(axis=1)] = "no probability"
    if given is not None:
        errors[(errors == "") & (given == "")] = "no label"
    return errors


def _with_labels(table: pd.DataFrame, given: np.ndarray, good: np.ndarray, classes: list[str]) -> pd.DataFrame:
    strange = [label for label in given[good] if label not in classes]
    if strange:
        raise CxrError(
            f"The column label of the predictions must name the classes {', '.join(classes)}. Received: "
            f"'{strange[0]}'. Leave the column out, or give --threshold."
        )
    place = np.array([classes.index(label) if label in classes else 0 for label in given])
    likely = table[[f"p_{name}" for name in classes]].to_numpy()[np.arange(len(table)), place]
    return table.assign(label=np.where(good, given, ""), probability=likely)


def _refuse_probability_of_label(
    answers: pd.DataFrame, given: np.ndarray, probabilities: np.ndarray, classes: list[str], file: str | os.PathLike
) -> None:
    """Where 'probability' is that of the label, and not of the positive class, scores would come out inverted."""
    if any(column.startswith("p_") for column in answers) or not len(given):
        return
    negative = given == classes[0]
    if negative.any() and not negative.all() and probabilities[:, 1].min() >= 0.5:
        raise CxrError(
            f"The probabilities of '{file}' seem to be those of the label: none is below 0.5, though "
            f"{int(negative.sum())} films are called {classes[0]}. Expected that of {classes[1]}; write p_{classes[0]} "
            f"and p_{classes[1]}."
        )

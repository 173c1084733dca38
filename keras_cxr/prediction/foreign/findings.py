"""A multi-label predictions table from the columns that other programs write."""

import math
import os

import numpy as np
import pandas as pd

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.findings import findings_in
from keras_cxr.prediction.foreign.table import ForeignTable, class_columns, failed_rows, probabilities_of
from keras_cxr.prediction.table import predictions_table


def foreign_findings(
    answers: pd.DataFrame,
    images: pd.Series,
    truth: pd.Series,
    file: str | os.PathLike,
    threshold: float | None = None,
    positive: str | None = None,
) -> ForeignTable:
    """Read another program's predictions of films with any number of findings; see ``foreign_table``.

    Args:
        answers: Text; ``p_<finding>`` of two findings or more, each between 0 and 1; ``label`` ('Effusion|Mass', 'No
            Finding') and ``error`` where known. Rows without a probability count as failed.
        images: The films' names, in the order of ``answers``.
        truth: Their findings, in that order; those that are no column of ``answers`` are passed over, with a note.
        file: Of ``answers``, for the messages.
        threshold: From which a film has a finding; None: the labels that are given, without them 0.5.
        positive: Must be None.

    Raises:
        CxrError: A column is missing or holds something else.
        UsageError: ``positive`` is given.
    """
    if positive is not None:
        raise UsageError(f"--positive does not go with --multi-label. Received: {positive}.")
    classes = class_columns(answers)
    if len(classes) < 2:
        raise CxrError(f"'{file}' needs the columns p_<finding> of two findings or more. It has: {', '.join(answers)}.")
    probabilities = np.column_stack([probabilities_of(answers[f"p_{name}"], file) for name in classes])
    given = answers["label"].str.strip().to_numpy(object) if "label" in answers and threshold is None else None
    errors = failed_rows(answers, probabilities, given)
    good = errors == ""
    least = 0.5 if threshold is None else threshold
    table = predictions_table(list(images), probabilities[good], classes, dict.fromkeys(classes, least), list(errors))
    if given is not None:
        table["label"] = np.where(good, given, "")
    table.insert(1, "truth", truth.to_numpy())
    there = truth.map(findings_in).explode().dropna()
    unknown = there[~there.str.lower().isin({name.lower() for name in classes})]
    notes = []
    if len(unknown):
        listed = ", ".join(f"{name} ({count})" for name, count in unknown.value_counts().items())
        notes.append(f"Findings of the truth that the predictions do not know are passed over: {listed}.")
    own = math.nan if given is not None else least
    return ForeignTable(table, np.arange(len(table)), classes, own, notes)

"""The films of a data set that a multi-label model can be scored on, and the findings that it knows."""

import pandas as pd

from keras_cxr.data.mapping import counted
from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.findings import findings_in
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.own_films import films_to_score


def known_findings(model: SavedModel, dataset: Dataset, split: str | None) -> tuple[pd.DataFrame, list[str]]:
    """The films to score and notes for the user, of a multi-label model or of labels that are sets of findings.

    A finding that the model does not know is passed over; the film itself is scored.

    Raises:
        CxrError: The films name no finding that the model knows.
        UsageError: Model and labels are not both multi-label.
    """
    card, name = model.card, dataset.root.name
    if card.task != MULTI_LABEL:
        raise UsageError(
            f"{card.name} gives each film one of the classes {', '.join(card.classes)}, and goes without "
            f"--multi-label. Received: --multi-label {dataset.multi_label}."
        )
    if not dataset.multi_label:
        raise UsageError(
            f"{card.name} is multi-label ({', '.join(card.classes)}): tell which column of '{dataset.root}' lists the "
            "findings, with --multi-label COLUMN."
        )
    films, notes = films_to_score(model, dataset, split)
    there = films["label"].map(findings_in).explode().dropna()
    lower = {finding.lower() for finding in card.classes}
    unknown = there[~there.str.lower().isin(lower)]
    lacking = [finding for finding in card.classes if finding.lower() not in set(there.str.lower())]
    if len(lacking) == len(card.classes):
        raise CxrError(
            f"No film of '{dataset.root}' to score has a finding that the model knows ({', '.join(card.classes)}); "
            f"there are: {counted(there) or 'none'}. Rename with --map OLD=NEW."
        )
    if len(unknown):
        notes.append(f"Findings of {name} that the model does not know are passed over: {counted(unknown)}.")
    if lacking:
        notes.append(f"{name} has no film to score with {', '.join(lacking)}, which the model knows.")
    return films, notes

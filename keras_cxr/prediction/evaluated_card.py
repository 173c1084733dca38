"""The model card of an evaluation: that of the saved model, with the scores of the films that were evaluated."""

import dataclasses
import datetime
import pathlib

import pandas as pd

from keras_cxr.files import write_text
from keras_cxr.models.saved_model import CARD, SavedModel
from keras_cxr.prediction.scoring import Evaluation
from keras_cxr.report.card_evaluation import CardEvaluation
from keras_cxr.report.model_card import MODEL_CARD, model_card


def write_evaluated_card(model: SavedModel, evaluation: Evaluation, own: list[str], output: pathlib.Path) -> None:
    """Write ``MODEL_CARD.md`` to the folder of an evaluation; where that is a saved model's too, its own card stays.

    Args:
        model: The saved model.
        evaluation: What was found.
        own: The data sets that the model was trained on.
        output: Folder of the evaluation.
    """
    if (output / CARD).is_file():
        return
    tables = {"scores": evaluation.scores, "subgroups": evaluation.subgroups, **evaluation.beside}
    told = CardEvaluation(
        datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        _films(evaluation.predictions, own),
        {name: table for name, table in tables.items() if len(table)},
        evaluation.notes,
    )
    write_text(output / MODEL_CARD, model_card(dataclasses.asdict(model.card), told))


def remove_evaluated_card(output: pathlib.Path) -> None:
    """Take away what ``write_evaluated_card`` has written, which would be taken for that of a later evaluation."""
    if not (output / CARD).is_file():
        (output / MODEL_CARD).unlink(missing_ok=True)


def _films(predictions: pd.DataFrame, own: list[str]) -> pd.DataFrame:
    """See ``CardEvaluation.films``."""
    rows = []
    for name, part in predictions.groupby("dataset", sort=False):
        good = part[part["error"] == ""]
        rows.append((name, len(good), good["patient"].nunique(), len(part) - len(good), name in own))
    return pd.DataFrame(rows, columns=["dataset", "films", "patients", "failed", "own"])

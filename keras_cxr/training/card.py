"""What a finished training says of its network: temperature, threshold and scores from the validation split."""

import dataclasses
import datetime
import pathlib

import keras
import pandas as pd
import tensorflow as tf

import keras_cxr
from keras_cxr.data.source import patient_groups
from keras_cxr.evaluation.calibration import (
    fit_shared_temperature,
    fit_temperature,
    fit_threshold,
    fit_thresholds,
    probabilities,
)
from keras_cxr.evaluation.scores import score
from keras_cxr.evaluation.table import score_records
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.files import write_text
from keras_cxr.models.saved_model import PERMUTED, Card, write_card
from keras_cxr.prediction.table import predictions_table
from keras_cxr.report.model_card import MODEL_CARD, model_card
from keras_cxr.training.control import best_row, kept_by
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.permute import NOTICE
from keras_cxr.training.prepare import Prepared
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.stage import validation_logits


def write_cards(folder: pathlib.Path, card: Card) -> None:
    """Write ``MODEL_CARD.md`` for people and then ``card.json``, with which the folder is a finished model."""
    write_text(folder / MODEL_CARD, model_card(dataclasses.asdict(card)))
    write_card(folder, card)


def make_card(
    name: str,
    network: keras.Model,
    data: Prepared,
    recipe: Recipe,
    history: list[dict],
    precision: str,
    monitor: Monitor,
) -> Card:
    """The card of a trained ``network``, calibrated on the validation split."""
    threshold, temperature, scores = _calibrate(network, data, recipe, monitor)
    return Card(
        name=name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        architecture=network.name,
        classes=data.classes,
        threshold=None if data.task == MULTI_LABEL else threshold,
        task=data.task,
        thresholds=threshold if data.task == MULTI_LABEL else None,
        temperature=temperature,
        preprocessing=dataclasses.asdict(data.preprocessing),
        data=data.record(),
        training={
            "epochs": len(history),
            "best_epoch": int(best_row(history, kept_by(recipe))["epoch"]),
            "parameters": network.count_params(),
            "precision": precision,
            "seconds": round(sum(row["seconds"] for row in history), 1),
            "class_weights": data.weights,
            **({PERMUTED: True} if recipe.permute_labels else {}),
        },
        scores=score_records(scores, "metric"),
        **({"notice": NOTICE} if recipe.permute_labels else {}),
        versions={"keras_cxr": keras_cxr.__version__, "tensorflow": tf.__version__, "keras": keras.__version__},
    )


def _calibrate(
    network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor
) -> tuple[float | dict[str, float] | None, float, pd.DataFrame]:
    """Threshold, temperature and scores from the validation split alone; the test split is not touched.

    Multi-label there is a threshold a finding.
    """
    rows = data.rows("val")
    targets = data.targets(rows)
    logits = validation_logits(network, data, recipe, monitor)
    multi_label = data.task == MULTI_LABEL
    temperature = (fit_shared_temperature if multi_label else fit_temperature)(logits, targets)
    likely = probabilities(logits, temperature, data.task)
    if multi_label:
        threshold = fit_thresholds(targets, likely, data.classes)
    else:
        threshold = fit_threshold(targets, likely[:, 1]) if len(data.classes) == 2 else None
    films = data.dataset.table.iloc[rows]
    table = predictions_table(list(films["path"]), likely, data.classes, threshold, [""] * len(rows))
    table["truth"] = films["label"].to_numpy()
    table["patient"] = patient_groups(films).to_numpy()
    return threshold, temperature, score(table, data.classes, dataset="validation", model=network.name, task=data.task)

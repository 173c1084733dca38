"""What a finished training says of its network: temperature, threshold and scores from the validation split."""

import dataclasses
import datetime

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

import keras_cxr
from keras_cxr.data.source import patient_groups
from keras_cxr.evaluation.calibration import fit_temperature, fit_threshold, probabilities
from keras_cxr.evaluation.scores import score
from keras_cxr.models.saved_model import Card
from keras_cxr.prediction.table import predictions_table
from keras_cxr.training.control import best_row
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.stage import validation_logits


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
        threshold=threshold,
        temperature=temperature,
        preprocessing=dataclasses.asdict(data.preprocessing),
        data=data.record(),
        training={
            "epochs": len(history),
            "best_epoch": int(best_row(history, recipe.best_by)["epoch"]),
            "parameters": network.count_params(),
            "precision": precision,
            "seconds": round(sum(row["seconds"] for row in history), 1),
            "class_weights": data.weights,
        },
        scores=_records(scores),
        versions={"keras_cxr": keras_cxr.__version__, "tensorflow": tf.__version__, "keras": keras.__version__},
    )


def _calibrate(
    network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor
) -> tuple[float | None, float, pd.DataFrame]:
    """Threshold, temperature and scores from the validation split alone; the test split is not touched."""
    rows = data.rows("val")
    targets = data.targets(rows)
    logits = validation_logits(network, data, recipe, monitor)
    temperature = fit_temperature(logits, targets)
    likely = probabilities(logits, temperature)
    threshold = fit_threshold(targets, likely[:, 1]) if len(data.classes) == 2 else None
    films = data.dataset.table.iloc[rows]
    table = predictions_table(list(films["path"]), likely, data.classes, threshold, [""] * len(rows))
    table["truth"] = np.array(data.classes, object)[targets]
    table["patient"] = patient_groups(films).to_numpy()
    return threshold, temperature, score(table, data.classes, dataset="validation", model=network.name)


def _records(scores: pd.DataFrame) -> list[dict]:
    """Scores for the card; JSON has no NaN and no infinity."""
    numbers = scores[["value", "low", "high"]]
    finite = numbers.astype(object).where(np.isfinite(numbers), None)
    return scores[["metric"]].join(finite).join(scores[["n"]].astype(object)).to_dict("records")

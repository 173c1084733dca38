"""Films and masks to a saved lung model."""

import dataclasses
import datetime
import os
import pathlib
from collections.abc import Callable

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

import keras_cxr
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import splits_table
from keras_cxr.data.table import Dataset
from keras_cxr.evaluation.segmentation import segmentation_scores
from keras_cxr.evaluation.table import score_records
from keras_cxr.files import whole_file, write_csv
from keras_cxr.lungs.card import LungCard
from keras_cxr.lungs.compare import Comparison
from keras_cxr.lungs.fit import THRESHOLDS, best_row, fit, validation_dice
from keras_cxr.lungs.prepare import prepare
from keras_cxr.lungs.settings import LungSettings
from keras_cxr.models import saved_model as names
from keras_cxr.models.forward import forward
from keras_cxr.models.saved_model import check_new_folder, write_card
from keras_cxr.models.unet import build_unet
from keras_cxr.report.lungs import lung_learning_curves

SCORES = "scores.csv"


def train_lungs(
    pairs: Dataset,
    folder: str | os.PathLike,
    settings: LungSettings | None = None,
    note: Callable[[str], None] = lambda line: None,
    epoch_done: Callable[[dict, int], None] = lambda row, total: None,
) -> pd.DataFrame:
    """Train a lung model and write its folder: network, card, splits, history, scores and figures.

    Films are split 70/15/15 by patient. Epoch and threshold are chosen on the validation films; the scores are of the
    finished masks of the test films, at each film's own resolution.

    Args:
        pairs: From ``pairs.find_pairs``; changed in place.
        folder: The model's folder, new or empty.
        settings: What to train and how.
        note: Called with lines for the user.
        epoch_done: Called after each epoch with its row of the history and the number of epochs.

    Returns:
        The scores table.

    Raises:
        CxrError: A folder that is taken, films that cannot be read, or too few patients.
        UsageError: Settings that cannot be meant.
    """
    settings, folder = settings or LungSettings(), pathlib.Path(folder)
    check_new_folder(folder, "-o")
    keras.utils.set_random_seed(settings.seed)
    network = build_unet(settings.size, settings.filters)
    data = prepare(pairs, Preprocessing(settings.size), settings.seed)
    for line in (*data.dataset.notes, data.in_words()):
        note(line)
    history = fit(network, data, settings, epoch_done)
    run = forward(network)
    threshold = float(THRESHOLDS[np.argmax(validation_dice(run, data, THRESHOLDS))])
    comparison = Comparison(run, data, threshold)
    scores = segmentation_scores(comparison.films, data.dataset.root.name, folder.name)
    with whole_file(folder / names.NETWORK) as temporary:
        network.save(temporary)
    write_csv(folder / names.SPLITS, splits_table(data.dataset))
    write_csv(folder / names.HISTORY, pd.DataFrame(history))
    write_csv(folder / SCORES, scores)
    figures, best = folder / names.FIGURES, best_row(history)["epoch"]
    lung_learning_curves(pd.DataFrame(history), figures / "learning_curves.png", best)
    comparison.draw(figures / "test_films.png")
    write_card(folder, _card(folder.name, settings, threshold, data.record(), history, scores))
    return scores


def _card(
    name: str, settings: LungSettings, threshold: float, data: dict, history: list[dict], scores: pd.DataFrame
) -> LungCard:
    best = best_row(history)
    return LungCard(
        name=name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        preprocessing=dataclasses.asdict(Preprocessing(settings.size)),
        threshold=threshold,
        data=data,
        training=dataclasses.asdict(settings)
        | {
            "best_epoch": best["epoch"],
            "val_dice": best["val_dice"],
            "seconds": round(sum(row["seconds"] for row in history), 1),
        },
        scores=score_records(scores, "metric"),
        versions={"keras_cxr": keras_cxr.__version__, "tensorflow": tf.__version__, "keras": keras.__version__},
    )

"""Labelled films to a saved anomaly model: learnt from the normal ones, tested on all."""

import contextlib
import dataclasses
import datetime
import os
import pathlib
import shutil
from collections.abc import Iterator

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

import keras_cxr
from keras_cxr.anomaly.card import AnomalyCard
from keras_cxr.anomaly.features import Features
from keras_cxr.anomaly.fit import best_row
from keras_cxr.anomaly.methods import Detector, find
from keras_cxr.anomaly.normal import normal_label
from keras_cxr.anomaly.prepare import AnomalyData, prepare
from keras_cxr.anomaly.score import ANOMALOUS, NORMAL
from keras_cxr.anomaly.settings import AnomalySettings
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import splits_table
from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.errors import UsageError
from keras_cxr.evaluation.anomaly import anomaly_scores
from keras_cxr.evaluation.false_alarms import threshold_of_normals
from keras_cxr.evaluation.table import score_records
from keras_cxr.files import write_csv
from keras_cxr.models import saved_model as names
from keras_cxr.models.saved_model import SavedModel, check_new_folder, write_card
from keras_cxr.report.anomaly import score_figure
from keras_cxr.report.learning import learning_curves
from keras_cxr.training.monitor import Monitor

SCORES, FILMS = "scores.csv", "test_films.csv"
BATCH = 32


def train_anomaly(
    dataset: Dataset,
    folder: str | os.PathLike,
    settings: AnomalySettings | None = None,
    normal: str | None = None,
    features: Features | None = None,
    model: SavedModel | None = None,
    monitor: Monitor | None = None,
) -> pd.DataFrame:
    """Learn what is normal and write a model's folder: card, splits, scores, the test films' scores, a figure.

    Films are split by patient. The method learns from the normal films of train, the threshold is set by those of val,
    and the scores are those of the test films, normal and sick. The folder appears when all of it is written.

    Args:
        dataset: From ``data.source.read_dataset``; it is not changed.
        folder: Of the model, new or empty.
        settings: What to learn and how.
        normal: The label of normal films; by default the one that says so.
        features: Films to vectors, for a method on feature vectors.
        model: The saved model that they are of, if any: its test films stay test films.
        monitor: Told what happens.

    Returns:
        The scores table.

    Raises:
        CxrError: A folder that is taken, films that cannot be read, or too few of them.
        UsageError: Settings that cannot be meant.
    """
    settings, folder, monitor = settings or AnomalySettings(), pathlib.Path(folder), monitor or Monitor()
    check_new_folder(folder, "--name")
    method = find(settings.method)
    if (features is not None) != method.ON_FEATURES:
        raise UsageError(f"The method {settings.method} {'needs' if method.ON_FEATURES else 'takes no'} features.")
    normal = normal_label(dataset.table["label"], normal)
    preprocessing = features.preprocessing if features else Preprocessing(settings.size)
    masks = features.masks if features else None
    started = datetime.datetime.now(datetime.UTC)
    data = prepare(dataset, normal, preprocessing, settings, monitor, masks, model)
    for line in (*data.dataset.notes, data.in_words()):
        monitor.note(line)
    detector = method.fit(data, settings, features, monitor)
    threshold = threshold_of_normals(_scores(detector, data, "val", monitor), settings.false_alarms)
    films = _test_films(data, _scores(detector, data, "test", monitor), threshold)
    multi_label = bool(data.dataset.multi_label)
    scores = anomaly_scores(films, normal, threshold, dataset.root.name, folder.name, by_label=not multi_label)
    seconds = (datetime.datetime.now(datetime.UTC) - started).total_seconds()
    card = _card(folder.name, settings, threshold, data, detector, features, scores, seconds)
    with _whole_folder(folder) as temporary:
        _write(temporary, data, detector, films, scores, card)
    return scores


def _scores(detector: Detector, data: AnomalyData, split: str, monitor: Monitor) -> np.ndarray:
    rows, parts = data.rows(split), []
    monitor.start(f"Scoring the {split} films", len(rows))
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        parts.append(detector.scores(np.asarray(data.pixels[batch])[..., np.newaxis], data.places(batch)))
        monitor.advance(len(batch))
    return np.concatenate(parts)


def _test_films(data: AnomalyData, scores: np.ndarray, threshold: float) -> pd.DataFrame:
    """The test films, one row each, by falling score."""
    table, root = data.dataset.table.iloc[data.rows("test")], data.dataset.root
    films = pd.DataFrame({"image": [relative_name(path, root) for path in table["path"]]})
    films["truth"] = table["label"].to_numpy()
    films["patient"] = [relative_name(group, root) for group in patient_groups(table)]
    films["score"], films["anomaly"] = scores, np.where(scores > threshold, ANOMALOUS, NORMAL)
    return films.sort_values("score", ascending=False, kind="stable", ignore_index=True)


def _write(
    folder: pathlib.Path,
    data: AnomalyData,
    detector: Detector,
    films: pd.DataFrame,
    scores: pd.DataFrame,
    card: AnomalyCard,
) -> None:
    detector.save(folder)
    write_csv(folder / names.SPLITS, splits_table(data.dataset))
    write_csv(folder / FILMS, films)
    write_csv(folder / SCORES, scores)
    figures = folder / names.FIGURES
    if detector.history:
        history = pd.DataFrame(detector.history)
        write_csv(folder / names.HISTORY, history)
        learning_curves(history, figures / "learning_curves.png", card.training["best_epoch"])
    score_figure(films, data.normal, card.threshold, figures / "scores.png")
    write_card(folder, card)


@contextlib.contextmanager
def _whole_folder(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yield a temporary folder beside ``folder`` and rename it when the block ends well, else remove it."""
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        if folder.is_dir():
            folder.rmdir()
        os.replace(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _card(
    name: str,
    settings: AnomalySettings,
    threshold: float,
    data: AnomalyData,
    detector: Detector,
    features: Features | None,
    scores: pd.DataFrame,
    seconds: float,
) -> AnomalyCard:
    training = {"normal_films": len(data.rows("train")), "held_out_normal_films": len(data.rows("val"))}
    training |= {"seed": settings.seed, "seconds": round(seconds, 1)}
    if detector.history:
        best = best_row(detector.history)
        chosen = ("size", "latent", "epochs", "batch_size", "learning_rate")
        training |= {setting: getattr(settings, setting) for setting in chosen}
        training |= {"best_epoch": best["epoch"], "val_loss": best["val_loss"]}
    return AnomalyCard(
        name=name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        method=settings.method,
        normal=data.normal,
        threshold=threshold,
        false_alarms=settings.false_alarms,
        preprocessing=dataclasses.asdict(data.preprocessing),
        features=features.origin if features else None,
        data=data.record(),
        training=training,
        facts=detector.facts,
        scores=score_records(scores, "metric"),
        versions={"keras_cxr": keras_cxr.__version__, "tensorflow": tf.__version__, "keras": keras.__version__},
    )

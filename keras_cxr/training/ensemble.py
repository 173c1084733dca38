"""The members of several trainings to one saved model, which answers with their mean."""

import dataclasses
import datetime
import pathlib
import shutil

import keras
import pandas as pd
import tensorflow as tf

import keras_cxr
from keras_cxr.evaluation.calibration import fit_threshold, fit_thresholds
from keras_cxr.evaluation.findings import indicators
from keras_cxr.evaluation.table import score_records
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.files import whole_file
from keras_cxr.lungs.source import OWN
from keras_cxr.models.ensemble import ensemble
from keras_cxr.models.saved_model import NETWORK, PERMUTED, Card, SavedModel
from keras_cxr.training.devices import dtype_policy


def alike(members: list[SavedModel]) -> bool:
    """Whether all see films in the same way, so that one network of them is possible."""
    first = members[0].card
    return all(
        (one.card.preprocessing, one.card.classes) == (first.preprocessing, first.classes) for one in members[1:]
    )


def write_network(folder: pathlib.Path, members: list[SavedModel], data: dict, scored_on: str) -> SavedModel:
    """Write the ensemble's ``model.keras`` (and the lung model that its members carry).

    Args:
        folder: Of the ensemble; its members' are below it.
        members: They are ``alike``.
        data: The card's account of the training data.
        scored_on: The films that threshold and scores will be of, in words, for the card.

    Returns:
        The ensemble with a card that still lacks threshold and scores, and is not written.
    """
    keras.utils.clear_session()
    with dtype_policy("float32"):
        networks = {one.folder.name: one.network() for one in members}
        whole = ensemble(networks, [one.card.temperature for one in members])
    with whole_file(folder / NETWORK) as temporary:
        whole.save(temporary)
    first = members[0]
    if (first.folder / OWN).is_dir():
        shutil.copytree(first.folder / OWN, folder / OWN, dirs_exist_ok=True)
    card = Card(
        name=folder.name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        architecture=first.card.architecture,
        classes=first.card.classes,
        threshold=None,
        task=first.card.task,
        temperature=1.0,
        preprocessing=first.card.preprocessing,
        data=data,
        training={
            "members": [one.folder.name for one in members],
            "scored_on": scored_on,
            "precision": first.card.training["precision"],
            "seconds": round(sum(one.card.training["seconds"] for one in members), 1),
            **({PERMUTED: True} if first.card.is_control else {}),
        },
        scores=[],
        notice=first.card.notice,
        versions={"keras_cxr": keras_cxr.__version__, "tensorflow": tf.__version__, "keras": keras.__version__},
    )
    return SavedModel(folder, card)


def threshold_from(
    predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS
) -> float | dict[str, float] | None:
    """The threshold of two classes by the readable films of a predictions table with ``truth``; None of more.

    Multi-label, that of each class.
    """
    good = predictions[predictions["error"] == ""]
    if task == MULTI_LABEL:
        likely = good[[f"p_{name}" for name in classes]].to_numpy()
        return fit_thresholds(indicators(good["truth"], classes), likely, classes)
    if len(classes) > 2:
        return None
    return fit_threshold(good["truth"] == classes[1], good[f"p_{classes[1]}"])


def with_scores(card: Card, threshold: float | dict[str, float] | None, scores: pd.DataFrame) -> Card:
    """The card with what ``threshold_from`` found and a scores table."""
    decided = {"thresholds" if card.task == MULTI_LABEL else "threshold": threshold}
    return dataclasses.replace(card, **decided, scores=score_records(scores, "dataset", "metric"))

"""The card of an anomaly model: what it learnt from, how, and from which score on a film is anomalous."""

import dataclasses
import os
import pathlib

from keras_cxr.models.saved_model import SavedModel, open_other_model

KIND = "anomaly"
ANOMALY_CARD_VERSION = 1


@dataclasses.dataclass
class AnomalyCard:
    """The card of an anomaly model.

    Attributes:
        name: Of the model, that of its folder.
        created: ISO date and time of the training's end, UTC.
        method: One of ``anomaly.methods``.
        normal: The label of the normal films; no other film was learnt from.
        threshold: A film with a higher score is anomalous.
        false_alarms: Share of normal films that the threshold was set for, on held-out ones.
        preprocessing: How a film becomes what the method sees (size in pixels, fit).
        features: Where the feature vectors come from, and what their network was trained on; None: the method has none.
        data: The training data: folder, fingerprint, films by split and label, patients, notes.
        training: Settings, normal films learnt from and held out, seconds.
        facts: Further numbers of the method, such as the scale of its maps.
        scores: On the test split: metric, value, low, high, n.
        versions: Of keras-cxr, TensorFlow and Keras.
        kind: "anomaly", which tells it from a classifier's card.
        card_version: Of this form.
    """

    name: str
    created: str
    method: str
    normal: str
    threshold: float
    false_alarms: float
    preprocessing: dict
    features: dict | None
    data: dict
    training: dict
    facts: dict
    scores: list[dict]
    versions: dict
    notice: str = "For research, not for diagnosis."
    kind: str = KIND
    card_version: int = ANOMALY_CARD_VERSION


def open_anomaly_model(folder: str | os.PathLike) -> SavedModel:
    """Read an anomaly model's card.

    Raises:
        CxrError: No such folder, no card, a damaged one, one of a newer keras-cxr, or that of another kind.
    """
    train = f"keras-cxr anomaly train DATA --name {pathlib.Path(folder).name}"
    return open_other_model(folder, AnomalyCard, KIND, ANOMALY_CARD_VERSION, "anomaly model", train)

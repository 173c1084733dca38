"""The card of a lung model: what its network is and how its output is to be read."""

import dataclasses
import os
import pathlib

from keras_cxr.models.saved_model import SavedModel, open_other_model

KIND = "lungs"
LUNG_CARD_VERSION = 1


@dataclasses.dataclass
class LungCard:
    """The card of a lung model.

    Attributes:
        name: Of the model, that of its folder.
        created: ISO date and time of the training's end, UTC.
        preprocessing: How a film becomes the network's input (size in pixels, fit).
        threshold: Probability from which a pixel is lung.
        data: The training data: folder, fingerprint, films by split, patients, notes.
        training: Epochs, best epoch, validation Dice, seconds, seed.
        scores: On the test split: metric, value, low, high, n.
        versions: Of keras-cxr, TensorFlow and Keras.
        kind: "lungs", which tells it from a classifier's card.
        card_version: Of this form.
    """

    name: str
    created: str
    preprocessing: dict
    threshold: float
    data: dict
    training: dict
    scores: list[dict]
    versions: dict
    notice: str = "For research, not for diagnosis."
    kind: str = KIND
    card_version: int = LUNG_CARD_VERSION


def open_lung_model(folder: str | os.PathLike) -> SavedModel:
    """Read a lung model's card.

    Raises:
        CxrError: No such folder, no card, a damaged one, one of a newer keras-cxr, or that of a classifier.
    """
    train = f"keras-cxr lungs train IMAGES MASKS -o {pathlib.Path(folder)}"
    return open_other_model(folder, LungCard, KIND, LUNG_CARD_VERSION, "lung model", train)

"""The films by which a saved model's runtimes are written and judged."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.data.geometry import to_canvas
from keras_cxr.data.phantom.anatomy import draw_anatomy
from keras_cxr.data.phantom.film import draw_film
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import read_splits
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.findings import indicators
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SPLITS, Card, SavedModel
from keras_cxr.prediction.source_films import films_again, spread

CALIBRATION, REFERENCE = 64, 32
DRAWN = 256
OWN_FILMS = "training and validation films"


@dataclasses.dataclass
class Material:
    """Films as the network sees them, (n, size, size, 1) uint8.

    Attributes:
        calibration: Training films; none where they are not at hand.
        validation, targets: Validation films and their class numbers (n,); multi-label, (n, classes) 0 or 1.
        reference: Synthetic films, which are kept beside the runtimes: no patient's film leaves with a model.
        source: What calibration and validation films are, for the user.
    """

    calibration: np.ndarray
    validation: np.ndarray
    targets: np.ndarray
    reference: np.ndarray
    source: str


def material(calibration: np.ndarray, validation: np.ndarray, targets: np.ndarray, source: str = OWN_FILMS) -> Material:
    """The films that are at hand, and drawn ones for reference."""
    return Material(calibration, validation, targets, _drawn_films(calibration.shape[1]), source)


def stored_material(model: SavedModel, validation: int = 1000) -> Material:
    """The films that ``splits.csv`` and the card name, where they still are what they were.

    Args:
        model: The saved model.
        validation: Validation films to read, at most.
    """
    size, file = model.card.preprocessing["size"], model.folder / SPLITS
    none = np.empty((0, size, size, 1), np.uint8)
    if not file.is_file():
        return material(none, none, np.empty(0, int), f"none (the model has no {SPLITS})")
    splits = read_splits(file)
    try:
        masks = masks_for(model)
    except CxrError as fault:
        return material(none, none, np.empty(0, int), f"none ({str(fault).rstrip('.')})")
    parts = []
    for split, count in (("train", CALIBRATION), ("val", validation)):
        rows = splits[splits["split"] == split]
        films, rows = films_again(model, rows.iloc[spread(rows["label"].to_numpy(), count)], masks)
        pixels = np.stack([film.pixels for film in films])[..., np.newaxis] if films else none
        parts.append((pixels, _targets(model.card, rows["label"])))
    (calibration, _), (films, targets) = parts
    gone = f"none (those in '{model.card.data['folder']}' are there no more)"
    return material(calibration, films, targets, OWN_FILMS if len(films) else gone)


def _targets(card: Card, labels: pd.Series) -> np.ndarray:
    if card.task == MULTI_LABEL:
        return indicators(labels, card.classes).astype(int)
    return labels.map(card.classes.index).to_numpy(int)


def _drawn_films(size: int) -> np.ndarray:
    """Synthetic films, every second one with opacities, (n, size, size, 1) uint8; always the same."""
    films = []
    for number in range(REFERENCE):
        draws = np.random.default_rng(number)
        film = draw_film(draws, draw_anatomy(draws), "ab"[number // 2 % 2], number % 2 == 1, DRAWN)
        films.append(to_canvas(film.pixels, Preprocessing(size)))
    return np.stack(films)[..., np.newaxis]

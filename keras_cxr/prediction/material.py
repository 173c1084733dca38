"""The films by which a saved model's runtimes are written and judged."""

import dataclasses
import pathlib

import numpy as np
import pandas as pd

from keras_cxr.data.films import read_films
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SPLITS, SavedModel

CALIBRATION, REFERENCE, FEWEST = 64, 32, 16


@dataclasses.dataclass
class Material:
    """Films as the network sees them, (n, size, size, 1) uint8.

    Attributes:
        calibration: Training films; none where they are not at hand.
        validation, targets: Validation films and their class numbers (n,).
        reference: At least 16 films that are kept beside the runtimes.
        source: What they are, for the user.
    """

    calibration: np.ndarray
    validation: np.ndarray
    targets: np.ndarray
    reference: np.ndarray
    source: str


def material(calibration: np.ndarray, validation: np.ndarray, targets: np.ndarray, why_not: str = "") -> Material:
    """Choose reference films from both, filled up with synthetic ones where there are fewer than 16."""
    half = REFERENCE // 2
    reference = np.concatenate([calibration[:half], validation[:: max(1, len(validation) // half)][:half]])
    source = "training and validation films"
    if len(reference) < FEWEST:
        missing = FEWEST if len(reference) else REFERENCE
        reference = np.concatenate([reference, _noise(missing, reference.shape[1])])
        source = f"synthetic films of noise ({why_not or 'the data set has fewer than 16 films'})"
    return Material(calibration, validation, targets, reference, source)


def stored_material(model: SavedModel, validation: int = 1000) -> Material:
    """The films that ``splits.csv`` and the card name, where they still are what they were.

    Args:
        model: The saved model.
        validation: Validation films to read, at most.
    """
    size, file = model.card.preprocessing["size"], model.folder / SPLITS
    none = np.empty((0, size, size, 1), np.uint8)
    if not file.is_file():
        return material(none, none, np.empty(0, int), f"the model has no {SPLITS}")
    splits = pd.read_csv(file, dtype=str, keep_default_na=False, encoding_errors="surrogateescape")
    try:
        masks = masks_for(model)
    except CxrError as fault:
        return material(none, none, np.empty(0, int), str(fault).rstrip("."))
    parts = []
    for split, count in (("train", CALIBRATION), ("val", validation)):
        rows = splits[splits["split"] == split]
        rows = rows.iloc[spread(rows["label"].to_numpy(), count)]
        paths = [str(pathlib.Path(model.card.data["folder"], image)) for image in rows["image"]]
        films = list(read_films(paths, Preprocessing(**model.card.preprocessing), masks))
        same = [film.pixels is not None and film.sha256 == sha for film, sha in zip(films, rows["sha256"], strict=True)]
        pixels = [film.pixels for film, good in zip(films, same, strict=True) if good]
        targets = rows["label"][same].map(model.card.classes.index).to_numpy(int)
        parts.append((np.stack(pixels)[..., np.newaxis] if pixels else none, targets))
    (calibration, _), (films, targets) = parts
    return material(calibration, films, targets, f"those in '{model.card.data['folder']}' are there no more")


def spread(labels: np.ndarray, count: int) -> np.ndarray:
    """Up to ``count`` row numbers, each label in its share, in the order of the rows of a label."""
    order = np.argsort(labels, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))]


def _noise(count: int, size: int) -> np.ndarray:
    """Films of coarse and fine noise around a gray of their own."""
    rng = np.random.default_rng(0)
    coarse = np.kron(rng.normal(0, 40, (count, 8, 8)), np.ones((1, -(-size // 8), -(-size // 8))))[:, :size, :size]
    films = rng.uniform(60, 200, (count, 1, 1)) + coarse + rng.normal(0, 10, (count, size, size))
    return films.clip(0, 255).astype(np.uint8)[..., np.newaxis]

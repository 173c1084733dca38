"""The films that a saved model was trained or validated on, decoded again where they still are what they were."""

import dataclasses
import pathlib

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import read_splits
from keras_cxr.errors import CxrError
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SPLITS, SavedModel


@dataclasses.dataclass(frozen=True)
class SourceFilms:
    """Films as the network sees them.

    Attributes:
        pixels: (n, size, size, 1) uint8.
        targets: (n,) class indices.
        places: The rows and columns of the canvas that each film fills.
    """

    pixels: np.ndarray
    targets: np.ndarray
    places: list[tuple[slice, slice]]


def source_films(model: SavedModel, split: str, most: int) -> SourceFilms:
    """Up to ``most`` films of one split of a model's training, each class in its share.

    Args:
        model: Its ``splits.csv`` names the films, its card their folder.
        split: 'train', 'val' or 'test'.
        most: Films.

    Raises:
        CxrError: None is at hand; the message is the reason, to be read after a colon.
    """
    file = model.folder / SPLITS
    if not file.is_file():
        raise CxrError(f"the model has no {SPLITS} that would name its films")
    splits = read_splits(file)
    rows = splits[(splits["split"] == split) & splits["label"].isin(model.card.classes)]
    rows = rows.iloc[spread(rows["label"].to_numpy(), most)]
    films, rows = films_again(model, rows, masks_for(model))
    if not films:
        raise CxrError(f"no film of the model's {split} split is at hand (looked in '{model.card.data['folder']}')")
    return SourceFilms(
        np.stack([film.pixels for film in films])[..., np.newaxis],
        rows["label"].map(model.card.classes.index).to_numpy("int64"),
        [film.place(Preprocessing(**model.card.preprocessing)) for film in films],
    )


def films_again(model: SavedModel, rows: pd.DataFrame, masks: LungMasks | None) -> tuple[list[Film], pd.DataFrame]:
    """The films that are still what they were, decoded as the model sees them, and their rows.

    Args:
        model: Its card names the folder of the films.
        rows: Of its ``splits.csv``.
        masks: The model's, see ``lungs.source.masks_for``.
    """
    folder, preprocessing = pathlib.Path(model.card.data["folder"]), Preprocessing(**model.card.preprocessing)
    films = list(read_films([str(folder / image) for image in rows["image"]], preprocessing, masks))
    good = [film.pixels is not None and film.sha256 == sha for film, sha in zip(films, rows["sha256"], strict=True)]
    # Of no rows at all an empty list would choose no columns.
    return [film for film, there in zip(films, good, strict=True) if there], rows[np.array(good, bool)]


def spread(labels: np.ndarray, count: int) -> np.ndarray:
    """Up to ``count`` row numbers, each label in its share, in the order of the rows of a label.

    ``labels`` are (n,), or (n, classes) where a row together is the label.
    """
    if labels.ndim == 2:
        labels = np.unique(labels, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(labels, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int))]

"""The films that a saved model was trained or validated on, decoded again where they still are what they were."""

import dataclasses
import pathlib

import numpy as np

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.geometry import shown_part
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import read_splits
from keras_cxr.errors import CxrError
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SPLITS, SavedModel
from keras_cxr.prediction.serving.material import spread


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
    folder, preprocessing = pathlib.Path(model.card.data["folder"]), Preprocessing(**model.card.preprocessing)
    films = list(read_films([str(folder / image) for image in rows["image"]], preprocessing, masks_for(model)))
    good = [film.pixels is not None and film.sha256 == sha for film, sha in zip(films, rows["sha256"], strict=True)]
    if not any(good):
        raise CxrError(f"no film of the model's {split} split is at hand (looked in '{folder}')")
    films = [film for film, there in zip(films, good, strict=True) if there]
    return SourceFilms(
        np.stack([film.pixels for film in films])[..., np.newaxis],
        rows["label"][good].map(model.card.classes.index).to_numpy("int64"),
        [place_of(film, preprocessing) for film in films],
    )


def place_of(film: Film, preprocessing: Preprocessing) -> tuple[slice, slice]:
    """The rows and columns of the canvas that a film fills."""
    return shown_part(film.width, film.height, film.region, preprocessing)

"""Where a film lies on the network's square canvas, there and back."""

import dataclasses

import cv2
import numpy as np
import pandas as pd

from keras_cxr.data.enhance import enhance
from keras_cxr.data.lungs import pixels_of
from keras_cxr.data.preprocessing import Preprocessing


@dataclasses.dataclass(frozen=True)
class Placement:
    """The rectangle of the canvas that the film fills: left, top, width, height in canvas pixels."""

    left: int
    top: int
    width: int
    height: int


def placement(width: int, height: int, preprocessing: Preprocessing) -> Placement:
    """Where a film of ``width`` × ``height`` pixels comes to lie on the canvas: centred when padded."""
    size = preprocessing.size
    if preprocessing.fit == "squeeze":
        return Placement(0, 0, size, size)
    scale = size / max(width, height)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    return Placement((size - new_width) // 2, (size - new_height) // 2, new_width, new_height)


def to_canvas(film: np.ndarray, preprocessing: Preprocessing, own_size: tuple[int, int] | None = None) -> np.ndarray:
    """Resize a film (height, width) uint8 to the canvas (size, size) uint8, black where padded.

    ``own_size`` is the film's own (width, height) where ``film`` was decoded smaller; it decides the placement.

    Shrinking averages the covered pixels (OpenCV's INTER_AREA, no aliasing of fine ribs and noise); enlarging is
    bilinear. The steps of ``preprocessing.enhance`` follow, on the film without its padding.
    """
    place = placement(*(own_size or (film.shape[1], film.shape[0])), preprocessing)
    shrinks = place.width * place.height < film.shape[0] * film.shape[1]
    inner = cv2.resize(film, (place.width, place.height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    inner = enhance(inner, preprocessing.enhance, preprocessing.reference)
    if inner.shape == (preprocessing.size, preprocessing.size):
        return inner
    canvas = np.zeros((preprocessing.size, preprocessing.size), np.uint8)
    canvas[place.top : place.top + place.height, place.left : place.left + place.width] = inner
    return canvas


def shown_part(
    width: int, height: int, region: tuple[float, float, float, float], preprocessing: Preprocessing
) -> tuple[slice, slice]:
    """The rows and columns of the canvas that show the film, or its ``region``; the rest is padding."""
    left, top, right, bottom = pixels_of(region, width, height)
    place = placement(right - left, bottom - top, preprocessing)
    return slice(place.top, place.top + place.height), slice(place.left, place.left + place.width)


def places_of(table: pd.DataFrame, preprocessing: Preprocessing) -> list[tuple[slice, slice]]:
    """``shown_part`` of every film of a dataset table with ``width``, ``height`` and ``region``."""
    facts = zip(table["width"], table["height"], table["region"], strict=True)
    return [shown_part(*fact, preprocessing) for fact in facts]


def to_film(
    canvas: np.ndarray,
    width: int,
    height: int,
    preprocessing: Preprocessing,
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
) -> np.ndarray:
    """Carry a float map on the canvas (size, size) back to the film (height, width), padding cut off, bilinear.

    ``region`` is the part of the film that the canvas shows (left, top, right, bottom as shares); outside it is zero.
    """
    left, top, right, bottom = pixels_of(region, width, height)
    inner = canvas[shown_part(width, height, region, preprocessing)]
    film = np.zeros((height, width), canvas.dtype)
    film[top:bottom, left:right] = cv2.resize(inner, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    return film

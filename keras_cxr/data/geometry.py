"""Where a film lies on the network's square canvas, there and back."""

import dataclasses

import cv2
import numpy as np

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
    bilinear.
    """
    place = placement(*(own_size or (film.shape[1], film.shape[0])), preprocessing)
    shrinks = place.width * place.height < film.shape[0] * film.shape[1]
    inner = cv2.resize(film, (place.width, place.height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    if inner.shape == (preprocessing.size, preprocessing.size):
        return inner
    canvas = np.zeros((preprocessing.size, preprocessing.size), np.uint8)
    canvas[place.top : place.top + place.height, place.left : place.left + place.width] = inner
    return canvas


def to_film(canvas: np.ndarray, width: int, height: int, preprocessing: Preprocessing) -> np.ndarray:
    """Carry a float map on the canvas (size, size) back to the film (height, width), padding cut off, bilinear."""
    place = placement(width, height, preprocessing)
    inner = canvas[place.top : place.top + place.height, place.left : place.left + place.width]
    return cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR)

"""One pass over the film files: what each is as a file and as a picture, and a thumbnail of it."""

import dataclasses
import os
from collections.abc import Callable, Iterable

import cv2
import numpy as np
import pandas as pd

from keras_cxr.audit.burned_in import has_burned_in_text
from keras_cxr.audit.file_facts import file_facts
from keras_cxr.data.films import Film, read_films
from keras_cxr.data.preprocessing import Preprocessing

CANVAS, THUMBNAIL = 256, 64
LEVELS = 64  # bins of the gray levels
_FIT = Preprocessing(CANVAS, fit="squeeze")  # A copy stretched to a square is then found again.


@dataclasses.dataclass
class Measured:
    """What was found out about some films.

    Attributes:
        facts: A row a film: ``width``, ``height`` (pixels), ``file_type``, ``bits`` (of a gray level), ``bytes``,
            ``mean`` and ``deviation`` (of the gray levels, 0–255), ``text`` (bool: burned in at the border),
            ``sha256``, ``error`` ('' or why it cannot be read; the numbers are then 0 or NaN).
        thumbnails: The films stretched to a square, (films, 64, 64) uint8; 0 where one cannot be read.
        levels: The share of the pixels in each of 64 bins of gray levels, (films, 64) float32.
    """

    facts: pd.DataFrame
    thumbnails: np.ndarray
    levels: np.ndarray


def measure(paths: Iterable[str], advance: Callable[[int], None] | None = None) -> Measured:
    """Decode every film once.

    Args:
        paths: Of the films.
        advance: Called with 1 after each film.
    """
    paths = list(paths)
    thumbnails = np.zeros((len(paths), THUMBNAIL, THUMBNAIL), np.uint8)
    levels = np.zeros((len(paths), LEVELS), np.float32)
    rows = []
    for number, film in enumerate(read_films(paths, _FIT)):
        rows.append(_facts(film))
        if film.pixels is not None:
            thumbnails[number] = cv2.resize(film.pixels, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
            levels[number] = np.bincount(film.pixels.ravel() // (256 // LEVELS), minlength=LEVELS) / film.pixels.size
        if advance:
            advance(1)
    return Measured(pd.DataFrame(rows), thumbnails, levels)


def _facts(film: Film) -> dict:
    file_type, bits = file_facts(film.path)
    facts = {
        "width": film.width,
        "height": film.height,
        "file_type": file_type,
        "bits": bits,
        "bytes": _bytes(film.path),
        "mean": np.nan,
        "deviation": np.nan,
        "text": False,
        "sha256": film.sha256,
        "error": film.error,
    }
    if film.pixels is None:
        return facts
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(film.pixels))
    return facts | {"mean": mean, "deviation": deviation, "text": has_burned_in_text(film.pixels)}


def _bytes(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0

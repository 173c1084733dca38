"""Film files to a table of what they are as pictures: size, brightness, contrast, border, sharpness."""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from keras_cxr.data.films import read_films
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.evaluation.pixel_statistics import NAMES, pixel_statistics

# Stretched to a square: padding would be taken for the film's own border. Small, so that sizes do not decide sharpness.
_FIT = Preprocessing(224, fit="squeeze")


def pixel_facts(paths: Iterable[str], advance: Callable[[int], None] | None = None) -> pd.DataFrame:
    """``width``, ``height``, ``aspect`` (width over height) and the statistics of ``evaluation.pixel_statistics``.

    Args:
        paths: Films.
        advance: Called with 1 after each film.

    Returns:
        A row a film in the order of ``paths``, float64; NaN where a film cannot be read.
    """
    rows = []
    for film in read_films(paths, _FIT):
        if film.pixels is None:
            rows.append(np.full(3 + len(NAMES), np.nan))
        else:
            rows.append(np.array([film.width, film.height, film.width / film.height, *pixel_statistics(film.pixels)]))
        if advance:
            advance(1)
    return pd.DataFrame(np.reshape(rows, (-1, 3 + len(NAMES))), columns=["width", "height", "aspect", *NAMES])

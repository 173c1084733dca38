"""The films cropped to the lungs before the network sees them; it was trained on whole films."""

import dataclasses

import numpy as np

from keras_cxr.data.films import read_film
from keras_cxr.errors import CxrError
from keras_cxr.prediction.elsewhere.films_at_hand import MASKS_NEEDED, FilmsAtHand
from keras_cxr.prediction.elsewhere.remedies import NOTHING, register


@register("lung crop", NOTHING)
def lung_crop(films: FilmsAtHand) -> np.ndarray:
    """The box around the lungs with a margin of 5 %, as ``--lungs crop`` shows it."""
    if films.preprocessing.lungs != "none":
        raise CxrError("the model sees the lungs alone already")
    if films.masks is None:
        raise CxrError(MASKS_NEEDED)
    cropped = dataclasses.replace(films.preprocessing, lungs="crop")
    found = [read_film(path, cropped, films.masks) for path in films.table["path"]]
    good = [row for row, film in enumerate(found) if film.pixels is not None]
    if not good:
        raise CxrError(f"no film has a lung mask; the first {found[0].error}")
    probability = np.full((len(films), len(films.classes)), np.nan)
    logits = films.compute(films.batches(good, lambda row: found[row].pixels))
    probability[good] = films.calibrated(logits)
    return probability

"""The pooled features of the outside films moved to the training films' mean and standard deviation."""

import numpy as np

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.moments import match_moments
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand
from keras_cxr.prediction.elsewhere.remedies import UNLABELLED, register


@register("feature statistics", UNLABELLED)
def feature_statistics(films: FilmsAtHand) -> np.ndarray:
    """The head applied to standardised features; the training films are read again."""
    if "members" in films.model.card.training:
        raise CxrError("an ensemble has no one layer of features")
    source, (features, head) = films.source("train"), films.features_and_head
    batches = (source.pixels[start : start + 32] for start in range(0, len(source.pixels), 32))
    moved = match_moments(films.features, films.compute(batches, features))
    return films.calibrated(head(moved))

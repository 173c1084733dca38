"""The films' contrast changed before the network sees them; it was trained without."""

import numpy as np

from keras_cxr.data.enhance import MATCH, cumulative_histogram, enhance, steps
from keras_cxr.errors import CxrError
from keras_cxr.prediction.elsewhere.films_at_hand import FilmsAtHand
from keras_cxr.prediction.elsewhere.remedies import NOTHING, register


@register("CLAHE", NOTHING)
def clahe(films: FilmsAtHand) -> np.ndarray:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV, 1994)."""
    return _enhanced(films, "clahe")


@register("percentile window", NOTHING)
def percentile_window(films: FilmsAtHand) -> np.ndarray:
    """Gray levels spread between the film's 0.5 and 99.5 percentile."""
    return _enhanced(films, "percentile")


@register("histogram matching", NOTHING)
def histogram_matching(films: FilmsAtHand) -> np.ndarray:
    """Each film's histogram matched to the mean one of the training films."""
    source = films.source("train")
    parts = [pixels[place] for pixels, place in zip(source.pixels[..., 0], source.places, strict=True)]
    return _enhanced(films, MATCH, cumulative_histogram(parts))


def _enhanced(films: FilmsAtHand, step: str, reference: tuple[float, ...] = ()) -> np.ndarray:
    if step in steps(films.preprocessing.enhance):
        raise CxrError("the model was trained on films changed so already")

    def changed(row: int) -> np.ndarray:
        # As in data.geometry.to_canvas: the last step, on the film without its padding.
        film, place = films.pixels[row, ..., 0].copy(), films.places[row]
        film[place] = enhance(film[place], step, reference)
        return film

    return films.calibrated(films.compute(films.batches(range(len(films)), changed)))

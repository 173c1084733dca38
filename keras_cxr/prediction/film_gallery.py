"""Which films of a scored data set a report shows, and under which caption."""

import pandas as pd

from keras_cxr.evaluation.film_choice import least_certain, most_unlike, worst_errors
from keras_cxr.evaluation.task import ONE_CLASS

EACH = 6


def film_gallery(
    predictions: pd.DataFrame,
    classes: list[str],
    task: str = ONE_CLASS,
    thresholds: dict[str, float] | None = None,
    each: int = EACH,
) -> dict[str, pd.DataFrame]:
    """Caption → films, see ``evaluation.film_choice``; a film may stand under several.

    Args:
        predictions: Of one data set.
        classes, task: See ``evaluation.films.scored_films``.
        thresholds: See ``least_certain``.
        each: Films of a kind.
    """
    settings = predictions, classes, task
    return {
        "the errors that the model was surest of": worst_errors(*settings, each=each),
        "the films that it was least certain of": least_certain(*settings, thresholds=thresholds, most=each),
        "the films most unlike those of its training": most_unlike(*settings, most=each),
    }

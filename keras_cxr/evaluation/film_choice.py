"""Which films a reader should see: the worst errors, the least certain ones, and those most unlike the training's."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.evaluation.unfamiliarity import UNFAMILIARITY

CHOICE_COLUMNS = ["image", "truth", "label", "probability", "patient", UNFAMILIARITY]


def worst_errors(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS, each: int = 6) -> pd.DataFrame:
    """The errors that the model was surest of.

    Args:
        predictions, classes, task: See ``films.scored_films``.
        each: Films of a kind: of two classes false negatives and false positives are two kinds, so that neither
            hides the other; of more, or multi-label, there is one, of twice as many films.

    Returns:
        ``CHOICE_COLUMNS``, where the table has them: the films whose truth, or absence of it, got the least
        probability, multi-label by the worst of their findings.
    """
    table, films = _films(predictions, classes, task)
    missed = np.where(films.positive, 1 - films.probability, films.probability)
    worst = np.where(films.positive != films.decided, missed, -1).max(axis=1, initial=-1)
    order = np.argsort(-worst, kind="stable")
    wrong = table.iloc[order[worst[order] >= 0]]
    if len(classes) > 2 or task == MULTI_LABEL:
        return _shown(wrong.head(2 * each))
    return _shown(pd.concat([wrong[wrong["truth"] == name].head(each) for name in reversed(classes)]))


def least_certain(
    predictions: pd.DataFrame,
    classes: list[str],
    task: str = ONE_CLASS,
    thresholds: dict[str, float] | None = None,
    most: int = 6,
) -> pd.DataFrame:
    """The films nearest to another decision.

    Args:
        predictions, classes, task: See ``films.scored_films``.
        thresholds: Of the positive class of two or, multi-label, of each finding; 0.5 for those not named. Of more
            classes the two likeliest are held together.
        most: Films, at most.

    Returns:
        ``CHOICE_COLUMNS``, where the table has them, the least certain first.
    """
    table, films = _films(predictions, classes, task)
    if len(classes) > 2 and task != MULTI_LABEL:
        ranked = np.sort(films.probability, axis=1)
        distance = ranked[:, -1] - ranked[:, -2]
    else:
        used = [(thresholds or {}).get(classes[index], 0.5) for index in films.ranked]
        distance = np.abs(films.probability[:, films.ranked] - used).min(axis=1, initial=np.inf)
    return _shown(table.iloc[np.argsort(distance, kind="stable")[:most]])


def most_unlike(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS, most: int = 6) -> pd.DataFrame:
    """The films most unlike those of the training.

    Args:
        predictions, classes, task: See ``films.scored_films``.
        most: Films, at most.

    Returns:
        ``CHOICE_COLUMNS``, where the table has them, the most unfamiliar first; none where it is not known.
    """
    table, _ = _films(predictions, classes, task)
    if UNFAMILIARITY not in table:
        return _shown(table.head(0))
    known = table[table[UNFAMILIARITY].notna()]
    return _shown(known.sort_values(UNFAMILIARITY, ascending=False, kind="stable").head(most))


def _films(predictions: pd.DataFrame, classes: list[str], task: str) -> tuple[pd.DataFrame, Films]:
    """The rows that can be scored, and their films in the same order."""
    columns = ["truth", "label", *(f"p_{name}" for name in classes)]
    text = predictions[columns].astype(object).where(predictions[columns].notna(), "").astype(str)
    good = (text != "").all(axis=1)
    if "error" in predictions:
        good &= predictions["error"].fillna("") == ""
    return predictions[good], scored_films(predictions[good], classes, task)


def _shown(films: pd.DataFrame) -> pd.DataFrame:
    return films[[name for name in CHOICE_COLUMNS if name in films]].reset_index(drop=True)

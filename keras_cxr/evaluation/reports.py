"""What a reader wants beside the scores: the classification report, the confusion matrix, the curves."""

import numpy as np
import pandas as pd
from sklearn import metrics

from keras_cxr.evaluation.films import scored_films
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS


def classification_table(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS) -> str:
    """Text of scikit-learn's ``classification_report`` with three digits; undefined values print as 0.

    Failed rows and rows without truth are left out; without any film the text is empty. ``task`` as in ``score``.
    """
    films = scored_films(predictions, classes, task)
    if not len(films):
        return ""
    return metrics.classification_report(
        films.truth, films.label, labels=range(len(classes)), target_names=classes, digits=3, zero_division=0
    )


def confusion(predictions: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Confusion matrix (k, k) int64: rows are the true classes, columns the decided ones, in the order of ``classes``.

    Failed rows and rows without truth are left out.
    """
    films = scored_films(predictions, classes)
    k = len(classes)
    return np.bincount(films.truth * k + films.label, minlength=k * k).reshape(k, k)


def finding_confusion(predictions: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Multi-label, the confusion matrix of each finding (k, 2, 2) int64: rows are the truth, absent first.

    Failed rows and rows without truth are left out.
    """
    films = scored_films(predictions, classes, MULTI_LABEL)
    return metrics.multilabel_confusion_matrix(films.truth, films.label, labels=range(len(classes)))


def roc_points(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS) -> dict[str, pd.DataFrame]:
    """ROC curves: of two classes the positive one's, of more (and of findings) each against the rest.

    Returns:
        Class name → columns ``fpr`` (1 - specificity), ``tpr`` (sensitivity), both rising from 0 to 1, and
        ``threshold``, the least probability called positive (infinite at 0, 0). Points on straight stretches are
        dropped. A class that is in all films or in none has no curve and no entry.
    """
    curves = {}
    for name, positive, p in _one_against_rest(predictions, classes, task):
        fpr, tpr, threshold = metrics.roc_curve(positive, p)
        curves[name] = pd.DataFrame({"fpr": fpr, "tpr": tpr, "threshold": threshold})
    return curves


def precision_recall_points(
    predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS
) -> dict[str, pd.DataFrame]:
    """Precision-recall curves, of the classes that ``roc_points`` has.

    Returns:
        Class name → columns ``recall`` (sensitivity) falling to 0, ``precision`` (PPV), and ``threshold``, the least
        probability called positive (infinite at the last point, where precision is 1 by convention).
    """
    curves = {}
    for name, positive, p in _one_against_rest(predictions, classes, task):
        precision, recall, threshold = metrics.precision_recall_curve(positive, p, drop_intermediate=True)
        curves[name] = pd.DataFrame(
            {"recall": recall, "precision": precision, "threshold": np.append(threshold, np.inf)}
        )
    return curves


def _one_against_rest(predictions: pd.DataFrame, classes: list[str], task: str):
    films = scored_films(predictions, classes, task)
    for index in films.ranked:
        positive = films.positive[:, index]
        if positive.any() and not positive.all():
            yield classes[index], positive, films.probability[:, index]

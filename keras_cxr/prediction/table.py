"""The predictions table: one row an input file, failures included."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.findings import texts_of
from keras_cxr.evaluation.unfamiliarity import UNFAMILIARITY

# Arrow, which pandas keeps texts in where pyarrow is installed, holds no file name that is no Unicode.
pd.set_option("mode.string_storage", "python")


def prediction_columns(classes: list[str], unfamiliarity: bool = False) -> list[str]:
    """The columns in the order of the CSV file; ``unfamiliarity``: whether it is among them."""
    optional = [UNFAMILIARITY] if unfamiliarity else []
    return ["image", "label", "probability", *(f"p_{name}" for name in classes), *optional, "error"]


def predictions_table(
    images: list[str],
    probabilities: np.ndarray,
    classes: list[str],
    threshold: float | dict[str, float] | None,
    errors: list[str],
) -> pd.DataFrame:
    """Build a predictions table.

    Args:
        images: One name a file, failures included.
        probabilities: (files without error, classes) float, in the order of ``images``; but for multi-label, rows sum
            to 1.
        classes: In the order of the columns; of two, the second is positive.
        threshold: For two classes, the probability from which a film is positive; None takes the likeliest class.
            Multi-label, that of each class, from which a film has it.
        errors: One a file, '' where there is none.

    Returns:
        ``image, label, probability, p_<class>…, error``; ``probability`` is that of ``label``. Multi-label, ``label``
        lists the findings, 'Effusion|Mass' or 'No Finding', and ``probability`` is that of the likeliest, whether the
        film is said to have it or not. Failed files have an empty label and NaN.
    """
    good = np.array([error == "" for error in errors], bool)
    filled = np.full((len(images), len(classes)), np.nan)
    filled[good] = probabilities
    chosen, labels = np.zeros(len(images), int), np.full(len(images), "", object)
    if isinstance(threshold, dict):
        chosen[good] = filled[good].argmax(axis=1)
        labels[good] = texts_of(filled[good] >= [threshold[name] for name in classes], classes)
    else:
        chosen[good] = filled[good, 1] >= threshold if threshold is not None else filled[good].argmax(axis=1)
        labels[good] = np.array(classes, object)[chosen[good]]
    table = pd.DataFrame(filled, columns=[f"p_{name}" for name in classes])
    table.insert(0, "image", images)
    table.insert(1, "label", labels)
    table.insert(2, "probability", filled[np.arange(len(images)), chosen])
    table["error"] = errors
    return table

"""The predictions table: one row an input file, failures included."""

import numpy as np
import pandas as pd

# Arrow, which pandas keeps texts in where pyarrow is installed, holds no file name that is no Unicode.
pd.set_option("mode.string_storage", "python")


def prediction_columns(classes: list[str]) -> list[str]:
    """The columns in the order of the CSV file."""
    return ["image", "label", "probability", *(f"p_{name}" for name in classes), "error"]


def predictions_table(
    images: list[str], probabilities: np.ndarray, classes: list[str], threshold: float | None, errors: list[str]
) -> pd.DataFrame:
    """Build a predictions table.

    Args:
        images: One name a file, failures included.
        probabilities: (files without error, classes) float, rows summing to 1, in the order of ``images``.
        classes: In the order of the columns; of two, the second is positive.
        threshold: For two classes, the probability from which a film is positive; None takes the likeliest class.
        errors: One a file, '' where there is none.

    Returns:
        ``image, label, probability, p_<class>…, error``; ``probability`` is that of ``label``. Failed files have
        an empty label and NaN.
    """
    good = np.array([error == "" for error in errors], bool)
    filled = np.full((len(images), len(classes)), np.nan)
    filled[good] = probabilities
    chosen = np.zeros(len(images), int)
    chosen[good] = filled[good, 1] >= threshold if threshold is not None else filled[good].argmax(axis=1)
    table = pd.DataFrame(filled, columns=[f"p_{name}" for name in classes])
    table.insert(0, "image", images)
    table.insert(1, "label", np.where(good, np.array(classes, object)[chosen], ""))
    table.insert(2, "probability", filled[np.arange(len(images)), chosen])
    table["error"] = errors
    return table

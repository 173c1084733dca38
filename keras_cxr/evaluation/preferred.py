"""The threshold and the temperature that scored films would have chosen for themselves.

They flatter and are never used. How far they lie from those in use, chosen on validation films, tells how far the two
sets of films lie apart.
"""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.calibration import FEWEST_FILMS, fit_temperature, fit_threshold
from keras_cxr.evaluation.films import scored_films

NOT_USED_COLUMNS = ["dataset", "model", "setting", "used", "not used", "metric", "with used", "with not used", "n"]


def preferred_settings(
    predictions: pd.DataFrame,
    classes: list[str],
    threshold: float,
    temperature: float = 1.0,
    dataset: str = "",
    model: str = "",
) -> pd.DataFrame:
    """What the films of a predictions table of two classes would have chosen for themselves.

    Args:
        predictions: See ``scores.score``; the probabilities are those at ``temperature``.
        classes: Two; the second is positive.
        threshold: The one in use; NaN where the labels follow none.
        temperature: The one in use.
        dataset, model: Written into the table.

    Returns:
        The columns of ``NOT_USED_COLUMNS``, two rows: of ``setting`` 'threshold', the one with the best balanced
        accuracy ('not used') beside the one in use, and that accuracy with each; the same of 'temperature' and log
        loss, logits divided by it. None where there are fewer than 10 films or one class alone.
    """
    films = scored_films(predictions, classes)
    truth = films.truth == 1
    if len(films) < FEWEST_FILMS or truth.all() or not truth.any():
        return pd.DataFrame(columns=NOT_USED_COLUMNS)
    p = films.probability[:, 1]
    own = fit_threshold(truth, p)
    # Logarithms of probabilities are logits up to a constant, which changes nothing.
    logits = np.log(np.clip(np.column_stack([1 - p, p]), np.finfo("float64").eps, 1))
    factor = fit_temperature(logits, films.truth)
    scaled = 1 / (1 + np.exp(np.clip((logits[:, 0] - logits[:, 1]) / factor, -700, 700)))
    rows = [
        {"setting": "threshold", "used": threshold, "not used": own, "metric": "balanced accuracy"}
        | {"with used": _balanced(truth, films.label == 1), "with not used": _balanced(truth, p >= own)},
        {"setting": "temperature", "used": temperature, "not used": temperature * factor, "metric": "log loss"}
        | {"with used": _log_loss(truth, p), "with not used": _log_loss(truth, scaled)},
    ]
    return pd.DataFrame([{"dataset": dataset, "model": model, **row, "n": len(films)} for row in rows])[
        NOT_USED_COLUMNS
    ]


def not_used_line(table: pd.DataFrame) -> str:
    """The rows of one data set as a line for the user, marked 'not used'."""
    parts = []
    for row in table.to_dict("records"):
        used = f"used: {row['used']:.3f}" if not np.isnan(row["used"]) else "used: the labels as given"
        gain = f"{row['metric']} {row['with not used']:.3f} in place of {row['with used']:.3f}"
        parts.append(f"{row['setting']} {row['not used']:.3f} ({used}; {gain})")
    return f"Not used: the films of {table['dataset'].iloc[0]} themselves would have chosen {' and '.join(parts)}."


def _balanced(truth: np.ndarray, label: np.ndarray) -> float:
    return float((label[truth].mean() + (~label[~truth]).mean()) / 2)


def _log_loss(truth: np.ndarray, p: np.ndarray) -> float:
    return float(-np.log(np.clip(np.where(truth, p, 1 - p), np.finfo("float64").eps, 1)).mean())

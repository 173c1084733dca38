"""The metrics of one operating point: what follows from the decisions alone, under film weights."""

import numpy as np

from keras_cxr.evaluation.quotient import quotient


class Decisions:
    """Yes or no for each film of a negative and a positive class.

    Args:
        truth: (n,) bool, whether the film is positive.
        label: (n,) bool, whether it is called positive.
        at: Put behind each metric's name, such as ' at 0.5'.

    Attributes:
        proportions: Metric name → (n,) bool, the films in its denominator.
        cells: (n, 4) bool: true positive, false positive, false negative, true negative.
    """

    def __init__(self, truth: np.ndarray, label: np.ndarray, at: str = ""):
        self._at = at
        counted = {
            "accuracy": np.ones(len(truth), dtype=bool),
            "sensitivity": truth,
            "specificity": ~truth,
            "PPV": label,
            "NPV": ~label,
        }
        self.proportions = {f"{name}{at}": films for name, films in counted.items()}
        self.cells = np.column_stack([truth & label, ~truth & label, truth & ~label, ~truth & ~label])

    def __call__(self, counts: np.ndarray) -> dict[str, np.ndarray]:
        """Every metric of each draw: weights summed by cell (draws, 4) float64 → metric name → (draws,) float64."""
        tp, fp, fn, tn = counts.T
        sensitivity, specificity = quotient(tp, tp + fn), quotient(tn, tn + fp)
        margins = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
        metrics = {
            "accuracy": quotient(tp + tn, tp + fp + fn + tn),
            "balanced accuracy": (sensitivity + specificity) / 2,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "PPV": quotient(tp, tp + fp),
            "NPV": quotient(tn, tn + fn),
            "F1": quotient(2 * tp, 2 * tp + fp + fn),
            "MCC": np.where(margins > 0, quotient(tp * tn - fp * fn, margins), np.nan),
            "positive likelihood ratio": quotient(sensitivity, quotient(fp, tn + fp)),
            "negative likelihood ratio": quotient(quotient(fn, tp + fn), specificity),
        }
        return {f"{name}{self._at}": values for name, values in metrics.items()}

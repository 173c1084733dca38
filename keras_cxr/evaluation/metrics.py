"""The metrics under film weights: with weights of one the value, with bootstrap weights every draw at once.

Undefined values are NaN (PPV without a positive label, AUROC with one class alone, MCC with an empty margin), where
scikit-learn gives 0 or warns.
"""

import numpy as np

from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.quotient import quotient
from keras_cxr.evaluation.ranking import Ranking

CALIBRATION_BINS = 15


class TwoClassMetrics:
    """Metrics of films with a negative (index 0) and a positive (index 1) class, at the threshold of the labels.

    Attributes:
        proportions: Metric name → (n,) bool, the films in its denominator.
        rankings: Metric name → (positive (n,) bool, score (n,)), the AUROCs.
        groups: The films of each true class, (n,) bool; the smallest limits what the films can tell.
    """

    def __init__(self, films: Films):
        truth, label, p = films.truth == 1, films.label == 1, films.probability[:, 1]
        everything = np.ones(len(films), dtype=bool)
        self.proportions = {
            "accuracy": everything,
            "sensitivity": truth,
            "specificity": ~truth,
            "PPV": label,
            "NPV": ~label,
        }
        self.rankings = {"AUROC": (truth, p)}
        self.groups = [~truth, truth]
        self._ranking = Ranking(truth, p)
        of_truth = films.probability[np.arange(len(films)), films.truth]
        bins = np.minimum((p * CALIBRATION_BINS).astype("int64"), CALIBRATION_BINS - 1)
        self._sums = np.column_stack(
            [
                truth & label,
                ~truth & label,
                truth & ~label,
                ~truth & ~label,
                np.square(p - truth),
                -np.log(np.clip(of_truth, np.finfo("float64").eps, 1)),
                (bins[:, None] == np.arange(CALIBRATION_BINS)) * (p - truth)[:, None],
            ]
        ).astype("float64")

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Every metric of each draw.

        Brier score: mean squared difference of p and truth (Brier 1950). Expected calibration error: over 15 bins of
        equal width of the predicted probability of the positive class, the weighted mean of |mean p - positive share|
        (Naeini et al. 2015). Log loss: natural logarithm, probabilities of 0 read as the float64 epsilon.

        Args:
            weights: (draws, n) float64.

        Returns:
            Metric name → (draws,) float64. Likelihood ratios are infinite where their denominator alone is 0.
        """
        sums = weights @ self._sums
        tp, fp, fn, tn = sums[:, :4].T
        total = tp + fp + fn + tn
        sensitivity, specificity = quotient(tp, tp + fn), quotient(tn, tn + fp)
        auroc, average_precision = self._ranking.areas(weights)
        margins = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
        return {
            "AUROC": auroc,
            "average precision": average_precision,
            "accuracy": quotient(tp + tn, total),
            "balanced accuracy": (sensitivity + specificity) / 2,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "PPV": quotient(tp, tp + fp),
            "NPV": quotient(tn, tn + fn),
            "F1": quotient(2 * tp, 2 * tp + fp + fn),
            "MCC": np.where(margins > 0, quotient(tp * tn - fp * fn, margins), np.nan),
            "positive likelihood ratio": quotient(sensitivity, quotient(fp, tn + fp)),
            "negative likelihood ratio": quotient(quotient(fn, tp + fn), specificity),
            "Brier score": quotient(sums[:, 4], total),
            "expected calibration error": quotient(np.abs(sums[:, 6:]).sum(axis=1), total),
            "log loss": quotient(sums[:, 5], total),
        }


class ManyClassMetrics:
    """Metrics of films with three or more classes, each class against the rest; attributes as in the two-class case.

    Macro values are means over the classes for which the metric is defined, as in scikit-learn.
    """

    def __init__(self, films: Films, classes: list[str]):
        count = range(len(classes))
        self._classes = classes
        self.proportions = {"accuracy": np.ones(len(films), dtype=bool)}
        self.proportions |= {f"sensitivity[{classes[k]}]": films.truth == k for k in count}
        self.proportions |= {f"precision[{classes[k]}]": films.label == k for k in count}
        self.rankings = {f"AUROC[{classes[k]}]": (films.truth == k, films.probability[:, k]) for k in count}
        self.groups = [films.truth == k for k in count]
        self._rankings = [Ranking(*self.rankings[f"AUROC[{name}]"]) for name in classes]
        cells = films.truth * len(classes) + films.label
        self._cells = (cells[:, None] == np.arange(len(classes) ** 2)).astype("float64")

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Every metric of each draw: weights (draws, n) float64 → metric name → (draws,) float64."""
        k = len(self._classes)
        counts = (weights @ self._cells).reshape(-1, k, k)
        right, of_truth, of_label = np.diagonal(counts, axis1=1, axis2=2), counts.sum(axis=2), counts.sum(axis=1)
        sensitivity, precision = quotient(right, of_truth), quotient(right, of_label)
        f1 = quotient(2 * right, of_truth + of_label)
        auroc = np.stack([ranking.areas(weights)[0] for ranking in self._rankings], axis=1)
        single = (of_truth > 0).sum(axis=1) < 2
        metrics = {
            "accuracy": quotient(right.sum(axis=1), counts.sum(axis=(1, 2))),
            "balanced accuracy": np.where(single, np.nan, _macro(sensitivity)),
            "macro F1": _macro(f1),
            "macro AUROC": _macro(auroc),
        }
        for kind, values in (("sensitivity", sensitivity), ("precision", precision), ("F1", f1), ("AUROC", auroc)):
            metrics |= {f"{kind}[{name}]": values[:, index] for index, name in enumerate(self._classes)}
        return metrics


def _macro(values: np.ndarray) -> np.ndarray:
    defined = ~np.isnan(values)
    return quotient(np.where(defined, values, 0).sum(axis=1), defined.sum(axis=1))

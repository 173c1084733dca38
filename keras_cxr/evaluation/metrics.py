"""The metrics under film weights: with weights of one the value, with bootstrap weights every draw at once.

Undefined values are NaN (PPV without a positive label, AUROC with one class alone, MCC with an empty margin), where
scikit-learn gives 0 or warns.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from keras_cxr.evaluation.decisions import Decisions
from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.quotient import macro_mean, quotient
from keras_cxr.evaluation.ranking import Ranking

CALIBRATION_BINS = 15


class TwoClassMetrics:
    """Metrics of films with a negative (index 0) and a positive (index 1) class.

    Args:
        films: Their labels are the decisions that metrics without 'at …' in their name count.
        points: Further operating points: name → threshold, the least probability called positive. The metrics that
            follow from the decisions are given for each, such as 'sensitivity at 0.5'.

    Attributes:
        proportions: Metric name → (n,) bool, the films in its denominator.
        rankings: Metric name → (positive (n,) bool, score (n,)), the AUROCs.
        groups: The films of each true class, (n,) bool; the smallest limits what the films can tell.
    """

    def __init__(self, films: Films, points: Mapping[str, float] | None = None):
        truth, p = films.truth == 1, films.probability[:, 1]
        self._decisions = [Decisions(truth, films.label == 1)]
        self._decisions += [Decisions(truth, p >= least, f" at {name}") for name, least in (points or {}).items()]
        self.proportions = {name: group for part in self._decisions for name, group in part.proportions.items()}
        self.rankings = {"AUROC": (truth, p)}
        self.groups = [~truth, truth]
        self._ranking = Ranking(truth, p)
        self._sums = np.column_stack(
            [
                *(part.cells for part in self._decisions),
                np.square(p - truth),
                _surprise(films),
                _gaps(p, truth),
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
        decided = [part(sums[:, 4 * index : 4 * index + 4]) for index, part in enumerate(self._decisions)]
        rest, total = sums[:, 4 * len(decided) :], sums[:, :4].sum(axis=1)
        auroc, average_precision = self._ranking.areas(weights)
        metrics = {"AUROC": auroc, "average precision": average_precision, **decided[0]}
        metrics |= {
            "Brier score": quotient(rest[:, 0], total),
            "expected calibration error": quotient(np.abs(rest[:, 2:]).sum(axis=1), total),
            "log loss": quotient(rest[:, 1], total),
        }
        return metrics | {name: values for part in decided[1:] for name, values in part.items()}


class ManyClassMetrics:
    """Metrics of films with three or more classes, each class against the rest; attributes as in the two-class case.

    Macro values are means over the classes for which the metric is defined, as in scikit-learn. Micro values take
    every pair of film and class for one decision; micro F1, precision and sensitivity are then the accuracy. MCC is
    Gorodkin's (Comput Biol Chem 2004), the calibration error that of the likeliest class (Guo et al. 2017).

    Args:
        films: See ``Films``.
        classes: Their names, in the films' order.
        order: The classes from the least to the greatest, which adds the quadratically weighted kappa (Cohen,
            Psychol Bull 1968); None where they have no order.
    """

    def __init__(self, films: Films, classes: Sequence[str], order: Sequence[str] | None = None):
        count = range(len(classes))
        n, p = len(films), films.probability
        self._classes = classes
        self.proportions = {"accuracy": np.ones(n, dtype=bool)}
        self.proportions |= {f"sensitivity[{classes[k]}]": films.truth == k for k in count}
        self.proportions |= {f"specificity[{classes[k]}]": films.truth != k for k in count}
        self.proportions |= {f"precision[{classes[k]}]": films.label == k for k in count}
        self.rankings = {f"AUROC[{classes[k]}]": (films.truth == k, p[:, k]) for k in count}
        self.groups = [films.truth == k for k in count]
        self._rankings = [Ranking(*self.rankings[f"AUROC[{name}]"]) for name in classes]
        self._micro = Ranking(np.concatenate(self.groups), p.T.ravel())
        ranks = np.array([list(order).index(name) for name in classes]) if order else None
        self._distances = np.square(np.subtract.outer(ranks, ranks)) if order else None
        likeliest = p.argmax(axis=1)
        self._sums = np.column_stack([_surprise(films), _gaps(p[np.arange(n), likeliest], likeliest == films.truth)])
        cells = films.truth * len(classes) + films.label
        self._cells = (cells[:, None] == np.arange(len(classes) ** 2)).astype("float64")

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Every metric of each draw: weights (draws, n) float64 → metric name → (draws,) float64."""
        k = len(self._classes)
        counts = (weights @ self._cells).reshape(-1, k, k)
        sums = weights @ self._sums
        right, of_truth, of_label = np.diagonal(counts, axis1=1, axis2=2), counts.sum(axis=2), counts.sum(axis=1)
        total = counts.sum(axis=(1, 2))
        every = {
            "sensitivity": quotient(right, of_truth),
            "specificity": quotient(total[:, None] - of_truth - of_label + right, total[:, None] - of_truth),
            "precision": quotient(right, of_label),
            "F1": quotient(2 * right, of_truth + of_label),
        }
        areas = [ranking.areas(weights) for ranking in self._rankings]
        every["AUROC"], every["average precision"] = (np.stack(part, axis=1) for part in zip(*areas, strict=True))
        single = (of_truth > 0).sum(axis=1) < 2
        micro_auroc, micro_precision = self._micro.areas(np.tile(weights, k))
        metrics = {
            "accuracy": quotient(right.sum(axis=1), total),
            "balanced accuracy": np.where(single, np.nan, macro_mean(every["sensitivity"])),
            "macro F1": macro_mean(every["F1"]),
            "macro AUROC": macro_mean(every["AUROC"]),
            "macro specificity": macro_mean(every["specificity"]),
            "macro precision": macro_mean(every["precision"]),
            "macro average precision": macro_mean(every["average precision"]),
            "micro AUROC": micro_auroc,
            "micro average precision": micro_precision,
            "MCC": _many_class_mcc(right, of_truth, of_label, total),
            "expected calibration error": quotient(np.abs(sums[:, 1:]).sum(axis=1), total),
            "log loss": quotient(sums[:, 0], total),
        }
        if self._distances is not None:
            expected = np.einsum("di,dj,ij->d", of_truth, of_label, self._distances)
            found = np.einsum("dij,ij->d", counts, self._distances)
            metrics["quadratic kappa"] = 1 - quotient(found * total, expected)
        return metrics | {
            f"{kind}[{name}]": values[:, index]
            for kind, values in every.items()
            for index, name in enumerate(self._classes)
        }


def _many_class_mcc(right: np.ndarray, of_truth: np.ndarray, of_label: np.ndarray, total: np.ndarray) -> np.ndarray:
    truths, labels = total**2 - np.square(of_truth).sum(axis=1), total**2 - np.square(of_label).sum(axis=1)
    agreement = right.sum(axis=1) * total - (of_truth * of_label).sum(axis=1)
    margins = np.sqrt(truths) * np.sqrt(labels)
    return np.where(margins > 0, quotient(agreement, margins), np.nan)


def _surprise(films: Films) -> np.ndarray:
    """(n,) the negative logarithm of the true class's probability."""
    of_truth = films.probability[np.arange(len(films)), films.truth]
    return -np.log(np.clip(of_truth, np.finfo("float64").eps, 1))


def _gaps(p: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """(n, bins) p less what happened, 1 or 0, in the column of p's bin."""
    bins = np.minimum((p * CALIBRATION_BINS).astype("int64"), CALIBRATION_BINS - 1)
    return (bins[:, None] == np.arange(CALIBRATION_BINS)) * (p - happened)[:, None]

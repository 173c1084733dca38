"""The metrics of films that have any number of findings, under film weights; see ``metrics``."""

from collections.abc import Sequence

import numpy as np

from keras_cxr.evaluation.decisions import Decisions
from keras_cxr.evaluation.films import FindingFilms
from keras_cxr.evaluation.quotient import macro_mean, quotient
from keras_cxr.evaluation.ranking import Ranking

BY_FINDING = ("sensitivity", "specificity", "PPV", "NPV", "F1")
# Weights of pairs of film and finding in memory at once, for the micro values.
_BLOCK = 2_000_000


class MultiLabelMetrics:
    """Metrics of films with a set of findings: each finding on its own, and all together.

    A finding's values are those of ``metrics.TwoClassMetrics`` for it and its absence. Macro values are means over the
    findings for which the metric is defined; micro values take every pair of film and finding for one decision.
    Exact-match accuracy: the share of films whose every finding is decided rightly. Hamming loss: the share of wrong
    decisions among all pairs of film and finding.

    Args:
        films: Their labels are the decisions.
        classes: The findings, in the films' order.

    Attributes:
        proportions: Metric name → (n,) bool, the films in its denominator.
        rankings: Metric name → (positive (n,) bool, score (n,)), the AUROCs.
        groups: The films with each finding and without it, (n,) bool; the smallest limits what the films can tell.
        groups_of: The same for the metrics that rest on other films.
    """

    def __init__(self, films: FindingFilms, classes: Sequence[str]):
        p, n = films.probability, len(films)
        self._classes, every = classes, np.ones(n, bool)
        truths = list(films.positive.T)
        self._decisions = [Decisions(*pair) for pair in zip(truths, films.decided.T, strict=True)]
        self.proportions = {"exact-match accuracy": every}
        for name, decisions in zip(classes, self._decisions, strict=True):
            counted = decisions.proportions
            self.proportions |= {f"{kind}[{name}]": counted[kind] for kind in BY_FINDING if kind in counted}
        self.rankings = {
            f"AUROC[{name}]": (truth, p[:, k]) for k, (name, truth) in enumerate(zip(classes, truths, strict=True))
        }
        self.groups = [group for truth in truths for group in (truth, ~truth)]
        self.groups_of = {
            f"{kind}[{name}]": [truth, ~truth]
            for name, truth in zip(classes, truths, strict=True)
            for kind in ("average precision", "F1", "Brier score")
        }
        some = films.positive.any(axis=1)
        self.groups_of |= {kind: [every] for kind in ("Hamming loss", "macro Brier score", "micro F1")}
        self.groups_of |= {kind: [some] for kind in ("micro AUROC", "micro average precision")}
        self._rankings = [Ranking(truth, p[:, k]) for k, truth in enumerate(truths)]
        self._micro = Ranking(np.concatenate(truths) if truths else np.empty(0, bool), p.T.ravel())
        wrong = films.positive != films.decided
        # float64: a sum of weights over many films leaves the whole numbers of a narrower type.
        self._cells = np.column_stack([part.cells for part in self._decisions]).astype("float64")
        self._sums = np.column_stack([~wrong.any(axis=1), wrong.mean(axis=1), np.square(p - films.positive)])

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Every metric of each draw: weights (draws, n) float64 → metric name → (draws,) float64."""
        k = len(self._classes)
        counts, sums = weights @ self._cells, weights @ self._sums
        total = weights.sum(axis=1)
        decided = [part(counts[:, 4 * index : 4 * index + 4]) for index, part in enumerate(self._decisions)]
        every = {kind: np.stack([part[kind] for part in decided], axis=1) for kind in BY_FINDING}
        areas = [ranking.areas(weights) for ranking in self._rankings]
        auroc, average_precision = (np.stack(part, axis=1) for part in zip(*areas, strict=True))
        every = {"AUROC": auroc, "average precision": average_precision, **every}
        every["Brier score"] = quotient(sums[:, 2:], total[:, None])
        micro_auroc, micro_precision = self._micro_areas(weights)
        tp, fp, fn, _ = counts.reshape(-1, k, 4).sum(axis=1).T
        metrics = {
            "macro AUROC": macro_mean(every["AUROC"]),
            "micro AUROC": micro_auroc,
            "macro average precision": macro_mean(every["average precision"]),
            "micro average precision": micro_precision,
            "macro F1": macro_mean(every["F1"]),
            "micro F1": quotient(2 * tp, 2 * tp + fp + fn),
            "macro Brier score": macro_mean(every["Brier score"]),
            "exact-match accuracy": quotient(sums[:, 0], total),
            "Hamming loss": quotient(sums[:, 1], total),
        }
        return metrics | {
            f"{kind}[{name}]": values[:, index]
            for kind, values in every.items()
            for index, name in enumerate(self._classes)
        }

    def _micro_areas(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        k = len(self._classes)
        rows = max(1, _BLOCK // max(1, k * weights.shape[1]))
        parts = [self._micro.areas(np.tile(weights[start : start + rows], k)) for start in range(0, len(weights), rows)]
        auroc, average_precision = zip(*parts, strict=True)
        return np.concatenate(auroc), np.concatenate(average_precision)

"""Anomaly scores of normal and sick films to a scores table with intervals."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.decisions import Decisions
from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.intervals import with_intervals
from keras_cxr.evaluation.ranking import Ranking
from keras_cxr.evaluation.table import scores_table

KEPT = ("sensitivity", "specificity")


class AnomalyMetrics:
    """Metrics of scores that are no probabilities; attributes as of ``metrics.TwoClassMetrics``.

    Args:
        sick: (n,) bool.
        scores: (n,) float, higher where odder.
        threshold: A film above it is called anomalous.
    """

    def __init__(self, sick: np.ndarray, scores: np.ndarray, threshold: float):
        self._decisions = Decisions(sick, scores > threshold)
        self.proportions = {name: self._decisions.proportions[name] for name in KEPT}
        self.rankings, self.groups = {"AUROC": (sick, scores)}, [~sick, sick]
        self._ranking = Ranking(sick, scores)

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Every metric of each draw: weights (draws, n) float64 → metric name → (draws,) float64."""
        auroc, average_precision = self._ranking.areas(weights)
        decided = self._decisions(weights @ self._decisions.cells.astype("float64"))
        return {"AUROC": auroc, "average precision": average_precision} | {name: decided[name] for name in KEPT}


def anomaly_scores(
    films: pd.DataFrame, normal: str, threshold: float, dataset: str = "", model: str = "", by_label: bool = True
) -> pd.DataFrame:
    """Score anomaly scores against the truth, with 95 % intervals by patient; see ``intervals``.

    Args:
        films: ``truth``, ``score`` (float) and ``patient`` ('' where it is not known), one row a film.
        normal: The label of normal films; every other one is sick.
        threshold: A film above it is called anomalous.
        dataset, model: Written into the table.
        by_label: Whether each sick label, where there are several, gets an AUROC of its own against the normal films.

    Returns:
        A scores table: AUROC and average precision of sick against normal films, sensitivity and specificity at the
        threshold, 'AUROC[label]'. What cannot be told, such as an AUROC without sick films, is left out.
    """
    rows = _rows(films, normal, threshold, {})
    sick = sorted(set(films["truth"]) - {normal})
    for label in sick if by_label and len(sick) > 1 else ():
        rows += _rows(films[films["truth"].isin([normal, label])], normal, threshold, {"AUROC": f"AUROC[{label}]"})
    return scores_table({"dataset": dataset, "model": model, **row} for row in rows)


def _rows(table: pd.DataFrame, normal: str, threshold: float, names: dict[str, str]) -> list[dict]:
    sick, scores = (table["truth"] != normal).to_numpy(), table["score"].to_numpy("float64")
    patients = table["patient"].where(table["patient"] != "", [f"row {row}" for row in range(len(table))])
    films = Films(
        sick.astype("int64"),
        (scores > threshold).astype("int64"),
        np.full((len(table), 2), np.nan),
        pd.factorize(patients)[0].astype("int64"),
    )
    found = with_intervals(AnomalyMetrics(sick, scores, threshold), films)
    return [
        {"metric": names.get(name, name), "value": value, "low": low, "high": high, "n": len(films)}
        for name, (value, low, high) in found.items()
        if not np.isnan(value) and (not names or name in names)
    ]

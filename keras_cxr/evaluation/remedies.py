"""The scores of the same films before and after a remedy, and whether it helped."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from keras_cxr.evaluation.bootstrap import clustered_draws, expanded_confidence, percentile_interval
from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.permutation import metrics_of

REMEDIES_COLUMNS = [
    *("dataset", "model", "remedy", "uses", "metric"),
    *("before", "after", "difference", "low", "high", "n", "verdict"),
]
HELPS, HARMS, UNCLEAR = "helps", "harms", "no clear difference"
TWO_CLASSES = (
    *("AUROC", "accuracy", "balanced accuracy", "sensitivity", "specificity"),
    *("Brier score", "expected calibration error"),
)
MANY_CLASSES = ("macro AUROC", "accuracy", "balanced accuracy", "expected calibration error", "log loss")


def decided_films(probability: np.ndarray, truth: np.ndarray, cluster: np.ndarray, threshold: float | None) -> Films:
    """Films with the decision that follows from their probabilities.

    Args:
        probability: (n, k) float.
        truth: (n,) class indices.
        cluster: (n,) integers from 0, the same for the films of one patient.
        threshold: Of two classes, the least probability of the second that is called so; None: the likeliest class.
    """
    label = probability.argmax(axis=1) if threshold is None else (probability[:, 1] >= threshold).astype("int64")
    return Films(truth, label, probability, np.unique(cluster, return_inverse=True)[1].astype("int64"))


def before_and_after(
    before: Films, after: Films, classes: list[str], order_kept: bool = False, draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Score both, with the interval of the difference by the bootstrap clustered by patient, on the same draws.

    Args:
        before, after: The same films in the same order.
        classes: The class names in the network's order.
        order_kept: The remedy cannot change the films' order, and so no AUROC: the balanced accuracy decides.
        draws: Of the bootstrap.
        seed: Fixes the draws.

    Returns:
        ``metric, before, after, difference, low, high, n, verdict``, and ``chance``: whether the (macro) AUROC is no
        better than chance where it is higher, by the lower end of its interval. One verdict a remedy, in all of its
        rows: 'helps' or 'harms' where the interval of the (macro) AUROC's difference, or the balanced accuracy's,
        excludes 0, and not from chance to chance.
    """
    names = TWO_CLASSES if len(classes) == 2 else MANY_CLASSES
    metrics = metrics_of(before, classes), metrics_of(after, classes)
    whole = np.ones((1, len(before)))
    values = [one(whole) for one in metrics]
    blocks = [[one(block) for one in metrics] for block in clustered_draws(before.cluster, draws, seed)]
    drawn = [{name: np.concatenate([block[side][name] for block in blocks]) for name in names} for side in (0, 1)]
    patients = min(len(np.unique(before.cluster[group])) for group in metrics[0].groups if group.any())
    confidence = expanded_confidence(patients)
    rows = []
    for name in names:
        old, new = (float(side[name][0]) for side in values)
        low, high = percentile_interval(drawn[1][name] - drawn[0][name], confidence)
        rows.append({"metric": name, "before": old, "after": new, "difference": new - old, "low": low, "high": high})
    deciding = next(row for row in rows if row["metric"] == deciding_metric(classes, order_kept))
    chance = not any(percentile_interval(side[names[0]], confidence)[0] > 0.5 for side in drawn)
    return pd.DataFrame(rows).assign(n=len(before), verdict=UNCLEAR if chance else verdict_of(deciding), chance=chance)


def deciding_metric(classes: list[str], order_kept: bool = False) -> str:
    """The score by whose difference a remedy is judged; see ``before_and_after``."""
    return "balanced accuracy" if order_kept else "AUROC" if len(classes) == 2 else "macro AUROC"


def verdict_of(row: Mapping) -> str:
    """By the interval of the difference in a score of which more is better, from ``low`` to ``high``."""
    return HELPS if row["low"] > 0 else HARMS if row["high"] < 0 else UNCLEAR

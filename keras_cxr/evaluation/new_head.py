"""How many labelled films of another hospital a new last layer needs, told by repeated draws."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_cxr.evaluation.labelled_draws import draw_labelled
from keras_cxr.evaluation.recalibration import curve_rows, scores_of
from keras_cxr.evaluation.remedies import decided_films

NEW_HEAD = "new head"
# Of features scaled so that a film's vector has length 1 on average.
STRENGTHS = (0.1, 1.0, 10.0, 100.0)
FOLDS = 3


def new_head_curve(
    features: np.ndarray,
    probability: np.ndarray,
    truth: np.ndarray,
    cluster: np.ndarray,
    classes: list[str],
    threshold: float | None,
    counts: Iterable[int],
    draws: int = 50,
    seed: int = 0,
) -> pd.DataFrame:
    """(Macro) AUROC and balanced accuracy of a logistic regression fitted on some films, on the films left over.

    Args:
        features: (n, width) pooled features.
        probability: (n, k) of the head in use.
        truth, cluster, classes, threshold, counts, draws, seed: See ``recalibration.recalibration_curve``.

    Returns:
        See ``recalibration.recalibration_curve``.
    """
    names = ("AUROC" if len(classes) == 2 else "macro AUROC", "balanced accuracy")
    before = decided_films(probability, truth, cluster, threshold)
    rows = curve_rows(NEW_HEAD, 0, [scores_of(before, classes, names)], names)
    for count in counts:
        found = []
        for fitted, scored in draw_labelled(truth, cluster, count, draws, seed):
            p = fit_head(features[fitted], truth[fitted], cluster[fitted], features[scored], len(classes))
            after = decided_films(p, truth[scored], cluster[scored], 0.5 if len(classes) == 2 else None)
            found.append(scores_of(after, classes, names))
        rows += curve_rows(NEW_HEAD, count, found, names)
    return pd.DataFrame(rows)


def fit_head(
    features: np.ndarray, truth: np.ndarray, cluster: np.ndarray, others: np.ndarray, classes: int
) -> np.ndarray:
    """Probabilities (m, classes) of ``others`` (m, width) by a logistic regression on ``features`` (n, width).

    Features are standardised by the n films. The regression is penalised by L2 and weighs the classes alike; its
    strength is chosen among four by three-fold cross-validation over patients on the n films alone, or is 1 where a
    class has fewer than six films. The n films span at most n directions, and a penalty by L2 knows no other: the
    regression is fitted in these, with the same result. Films of one class alone tell nothing: every class is likely
    alike.
    """
    if len(np.unique(truth)) < 2:
        return np.full((len(others), classes), 1 / classes)
    from sklearn.linear_model import LogisticRegression

    mean, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    scaled = (features - mean) / spread
    _, sizes, directions = np.linalg.svd(scaled, full_matrices=False)
    basis = directions[sizes > 1e-6 * max(sizes.max(), 1e-12)].T / max(np.sqrt(np.sum(sizes**2) / len(truth)), 1e-12)
    own = scaled @ basis
    strength = _strength(own, truth, cluster)
    head = LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(own, truth)
    p = np.zeros((len(others), classes))
    p[:, head.classes_] = head.predict_proba(((others - mean) / spread) @ basis)
    return p


def _strength(own: np.ndarray, truth: np.ndarray, cluster: np.ndarray) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedGroupKFold

    if np.bincount(truth)[np.unique(truth)].min() < 2 * FOLDS:
        return 1.0
    folds = list(StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(own, truth, cluster))
    names = np.unique(truth)
    if any(not len(test) or len(np.unique(truth[train])) < len(names) for train, test in folds):
        return 1.0
    losses = []
    for strength in STRENGTHS:
        head = LogisticRegression(C=strength, class_weight="balanced", max_iter=500)
        p = np.concatenate([head.fit(own[train], truth[train]).predict_proba(own[test]) for train, test in folds])
        losses.append(log_loss(np.concatenate([truth[test] for _, test in folds]), p, labels=names))
    return STRENGTHS[int(np.argmin(losses))]

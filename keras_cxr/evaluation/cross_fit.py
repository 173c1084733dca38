"""A setting chosen on some patients and scored on the others, both ways round, so that every film is scored once."""

import numpy as np


def halves(clusters: np.ndarray, seed: int = 0) -> np.ndarray:
    """Split films into two halves by patient.

    Args:
        clusters: (n,) integers from 0; films of one patient share one.
        seed: Fixes the draw.

    Returns:
        (n,) bool: the second half. Half of the patients are in each, but for an odd one.
    """
    count = int(clusters.max()) + 1
    second = np.arange(count) >= (count + 1) // 2
    return np.random.default_rng(seed).permutation(second)[clusters]


def cross_fitted(curves: np.ndarray, clusters: np.ndarray, seed: int = 0) -> tuple[np.ndarray, list[int]]:
    """Score each film with the setting that has the best mean on the other half of the patients.

    Args:
        curves: (n, k), each film's score under each of k settings.
        clusters: (n,) as in ``halves``.
        seed: Fixes the halves.

    Returns:
        (n,) the scores, and the setting chosen for each half; of equally good settings the first. NaN and no setting
        where all films are of one patient.
    """
    second = halves(clusters, seed) if len(clusters) else np.zeros(0, bool)
    if not second.any():
        return np.full(len(curves), np.nan), []
    scores, chosen = np.empty(len(curves)), []
    for half in (~second, second):
        chosen.append(int(np.argmax(curves[~half].mean(axis=0))))
        scores[half] = curves[half, chosen[-1]]
    return scores, chosen

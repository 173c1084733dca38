"""How common each class is among films without labels, and probabilities corrected for it.

Saerens, Latinne & Decaestecker, Neural Computation 2002: where the films of a class look alike in both hospitals and
only the classes' shares differ (label shift), the shares that make the films likeliest follow from the probabilities
alone. Where the films themselves look different, they do not, and the estimate means nothing.
"""

import numpy as np

MOST_STEPS, TOLERANCE = 10_000, 1e-10


def estimate_prior(probability: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """The maximum-likelihood shares of the classes, by expectation-maximisation.

    Args:
        probability: (n, k) float, of films without labels, calibrated for the shares ``reference``.
        reference: (k,) shares of the classes, above 0, that the probabilities are calibrated for.

    Returns:
        (k,) float64 that sum to 1.
    """
    reference = np.asarray(reference, dtype="float64")
    prior = reference.copy()
    for _ in range(MOST_STEPS):
        new = with_prior(probability, reference, prior).mean(axis=0)
        moved = np.abs(new - prior).max()
        prior = new
        if moved < TOLERANCE:
            break
    return prior


def with_prior(probability: np.ndarray, reference: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Probabilities for other shares of the classes, by Bayes' theorem.

    Args:
        probability: (n, k) float, rows sum to 1.
        reference: (k,) shares that they hold for, above 0.
        prior: (k,) shares that they shall hold for.

    Returns:
        (n, k) float64, rows sum to 1; a row that would be all 0 stays as it is.
    """
    probability = np.asarray(probability, dtype="float64")
    weighted = probability * (np.asarray(prior) / np.asarray(reference))
    total = weighted.sum(axis=1, keepdims=True)
    return np.where(total > 0, weighted / np.where(total > 0, total, 1), probability)

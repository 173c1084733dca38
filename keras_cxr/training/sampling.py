"""Classes of equal size, by leaving out films of the larger ones or repeating films of the smaller."""

import numpy as np


def sample(rows: np.ndarray, targets: np.ndarray, how: str, seed: int) -> np.ndarray:
    """The rows to train on, in order.

    Args:
        rows: Row numbers of the training films (n,).
        targets: Their class numbers (n,).
        how: 'undersample', 'oversample', or 'none' for all rows as they are.
        seed: Decides which films are left out or repeated; none is repeated twice before all are once.

    Returns:
        Row numbers; every class has as many as the smallest, or the largest, had.
    """
    if how == "none":
        return rows
    draws = np.random.default_rng([seed, 4])
    classes, counts = np.unique(targets, return_counts=True)
    size = counts.min() if how == "undersample" else counts.max()
    chosen = []
    for number, count in zip(classes, counts, strict=True):
        own = draws.permutation(rows[targets == number])
        chosen.append(np.resize(own, size) if count < size else own[:size])
    return np.sort(np.concatenate(chosen))

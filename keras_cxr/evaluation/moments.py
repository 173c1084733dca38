"""Feature vectors of one hospital moved to another's mean and standard deviation."""

import numpy as np


def match_moments(vectors: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Shift and stretch each feature so that its mean and standard deviation are those of ``reference``.

    CORAL (Sun, Feng & Saenko, AAAI 2016) without the covariances. A class that is commoner in one hospital moves its
    mean too, and that part of the difference is taken away with the rest.

    Args:
        vectors: (n, width) float.
        reference: (m, width) float.

    Returns:
        (n, width) float32. A feature that is the same in all of ``vectors`` is shifted alone.
    """
    vectors, reference = np.asarray(vectors, dtype="float64"), np.asarray(reference, dtype="float64")
    spread = vectors.std(axis=0)
    factor = np.where(spread > 0, reference.std(axis=0) / np.where(spread > 0, spread, 1), 1)
    return ((vectors - vectors.mean(axis=0)) * factor + reference.mean(axis=0)).astype(np.float32)

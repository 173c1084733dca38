"""How far a film lies from the normal films nearest to it."""

import numpy as np

CHUNK = 512


def neighbour_distance(reference: np.ndarray, vectors: np.ndarray, k: int) -> np.ndarray:
    """Mean Euclidean distance (n,) float64 of each vector to its k nearest ones of the reference.

    Bergman, Cohen & Hoshen, Deep nearest neighbor anomaly detection, 2020 (arXiv 2002.10445); Reiss et al., PANDA,
    CVPR 2021.

    Args:
        reference: (m, width) float of the normal films.
        vectors: (n, width) float.
        k: Neighbours; fewer where the reference is smaller.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=min(k, len(reference)), algorithm="brute")
    search.fit(np.asarray(reference, np.float32))
    vectors = np.asarray(vectors, np.float32)
    found = [search.kneighbors(vectors[start : start + CHUNK])[0] for start in range(0, len(vectors), CHUNK)]
    return np.concatenate(found).mean(axis=1, dtype=np.float64) if found else np.empty(0)

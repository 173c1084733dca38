"""Feature vectors to points of a plane."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler

MOST_FILMS, COMPONENTS, PERPLEXITY = 3000, 50, 30


def principal_components(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first two principal components of standardised features.

    Args:
        vectors: (n, width) float, n and width at least 2.

    Returns:
        Points (n, 2), and the shares (2,) of the variance that they hold.
    """
    pca = PCA(2, svd_solver="randomized", random_state=0)
    return pca.fit_transform(StandardScaler().fit_transform(vectors)), pca.explained_variance_ratio_


def tsne(vectors: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """t-SNE (van der Maaten & Hinton, JMLR 2008) of up to 50 principal components of standardised features.

    Args:
        vectors: (n, width) float, n at least 4. Of more than 3,000 films so many are drawn by chance.
        seed: Fixes the draw and the map.

    Returns:
        Row numbers of the films shown, rising, and their points (films, 2).
    """
    rows = np.sort(np.random.default_rng(seed).permutation(len(vectors))[:MOST_FILMS])
    scaled = StandardScaler().fit_transform(vectors[rows])
    parts = min(COMPONENTS, *scaled.shape)
    reduced = PCA(parts, svd_solver="randomized", random_state=seed).fit_transform(scaled)
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3)
    return rows, TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(reduced)

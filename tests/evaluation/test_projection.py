"""Maps of feature vectors against what is known of them."""

import numpy as np
from threadpoolctl import threadpool_limits

from keras_cxr.evaluation import projection
from keras_cxr.evaluation.projection import principal_components, tsne


def clouds(films):
    """Two classes far apart in 20 features."""
    rng = np.random.default_rng(0)
    targets = rng.integers(2, size=films)
    return rng.normal(size=(films, 20)) + 6 * targets[:, None], targets


def test_principal_components_are_those_of_the_correlation_matrix():
    vectors, _ = clouds(200)
    vectors[:, :8] += np.random.default_rng(1).normal(scale=4, size=(200, 1))
    points, shares = principal_components(vectors * np.geomspace(1, 1000, 20))
    values, directions = np.linalg.eigh(np.corrcoef(vectors, rowvar=False))
    np.testing.assert_allclose(shares, values[:-3:-1] / values.sum(), rtol=1e-4)
    scaled = (vectors - vectors.mean(axis=0)) / vectors.std(axis=0)
    expected = scaled @ directions[:, :-3:-1]
    np.testing.assert_allclose(np.abs(points), np.abs(expected), atol=1e-2)


def test_tsne_keeps_classes_apart_and_draws_a_part_of_many(monkeypatch):
    monkeypatch.setattr(projection, "MOST_FILMS", 60)
    vectors, targets = clouds(100)
    # On processors that do other work as well, tsne's own threads wait for each other.
    with threadpool_limits(1):
        rows, points = tsne(vectors)
        again = tsne(vectors)[1]
    assert len(rows) == len(points) == 60 == len(set(rows))
    centres = np.stack([points[targets[rows] == name].mean(axis=0) for name in (0, 1)])
    nearest = np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == targets[rows]).all()
    np.testing.assert_array_equal(again, points)

"""Nearest neighbours among feature vectors: classification by vote, and the films most like one."""

from collections.abc import Iterable

import numpy as np
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.preprocessing import StandardScaler

from keras_cxr.errors import UsageError

CANDIDATES = tuple(range(1, 52, 2))


class NeighbourVote:
    """The k-nearest-neighbour rule (Cover & Hart, IEEE Trans Inf Theory 1967) by Euclidean distance.

    Every feature is first standardised by mean and deviation of the training films.
    """

    def __init__(self, vectors: np.ndarray, targets: np.ndarray, classes: int, k: int):
        """Keep the training films.

        Args:
            vectors: (n, width) float.
            targets: (n,) class numbers.
            classes: How many there are; some may have no film here.
            k: Neighbours that vote.

        Raises:
            UsageError: ``k`` is not between 1 and n.
        """
        if not 1 <= k <= len(vectors):
            raise UsageError(
                f"The number of neighbours must lie between 1 and the {len(vectors)} training films. Received: {k}."
            )
        self._classes, self._scaler = classes, StandardScaler().fit(vectors)
        self._vote = KNeighborsClassifier(k).fit(self._scaler.transform(vectors), targets)

    def shares(self, vectors: np.ndarray) -> np.ndarray:
        """Each class's share (n, classes) float64 of the neighbours' votes for films (n, width)."""
        shares = np.zeros((len(vectors), self._classes))
        if len(vectors):
            shares[:, self._vote.classes_] = self._vote.predict_proba(self._scaler.transform(vectors))
        return shares


def choose_k(
    training: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    classes: int,
    candidates: Iterable[int] = CANDIDATES,
) -> dict[int, float]:
    """Accuracy on the validation films by k, the best first; of equals the smaller k.

    Args:
        training, validation: Vectors (n, width) and class numbers (n,).
        classes: How many there are.
        candidates: Values of k; those above the number of training films are left out.
    """
    vectors, targets = validation
    accuracy = {
        k: float((NeighbourVote(*training, classes, k).shares(vectors).argmax(axis=1) == targets).mean())
        for k in candidates
        if k <= len(training[0])
    }
    return dict(sorted(accuracy.items(), key=lambda found: (-found[1], found[0])))


class Nearest:
    """Looks up the films nearest to one, by Euclidean distance of standardised features."""

    def __init__(self, vectors: np.ndarray):
        """Keep ``vectors`` (n, width) float of the films that are looked up."""
        self._scaler = StandardScaler().fit(vectors)
        self._search = NearestNeighbors().fit(self._scaler.transform(vectors))

    def __call__(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """See ``nearest``."""
        k = min(k, self._search.n_samples_fit_)
        distances, rows = self._search.kneighbors(self._scaler.transform(query[None]), k)
        return rows[0], distances[0] / np.sqrt(len(query))


def nearest(vectors: np.ndarray, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The films nearest to one, by Euclidean distance of standardised features.

    Args:
        vectors: (n, width) float.
        query: (width,) float.
        k: How many; fewer where there are fewer films.

    Returns:
        Row numbers and distances, the nearest first. The distances are divided by the root of the width: 1 is about
        one standard deviation in every feature.
    """
    return Nearest(vectors)(query, k)

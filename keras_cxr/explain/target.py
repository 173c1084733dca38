"""What a heatmap explains of each film: one class, or one class against another, as weights of the logits."""

import dataclasses

import numpy as np
from scipy.special import log_expit, logsumexp

from keras_cxr.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Target:
    """The weights that turn logits into each film's score: ``score = sum(weights * logits)``.

    Attributes:
        weights: float32 (films, outputs).
        among_all: Whether the score is one class's logit of a softmax, not a difference and not that of a sigmoid.
    """

    weights: np.ndarray
    among_all: bool

    def film(self, index: int) -> "Target":
        """The target of one film, for any number of changed copies of it."""
        return Target(self.weights[index : index + 1], self.among_all)

    def scores(self, logits: np.ndarray) -> np.ndarray:
        """Scores, float64 (n,), of logits (n, outputs)."""
        return (self.weights.astype("float64") * logits).sum(axis=-1)

    def log_probability(self, logits: np.ndarray) -> np.ndarray:
        """The log of the class's probability, float64 (n,), of logits (n, outputs); of two classes, among these two."""
        scores = self.scores(logits)
        return scores - logsumexp(logits.astype("float64"), axis=-1) if self.among_all else log_expit(scores)


def target(
    class_index: np.ndarray | int,
    count: int,
    width: int,
    against: np.ndarray | int | None = None,
    softmax: bool = True,
) -> Target:
    """The target for films of one class or of a class each.

    With one output (a sigmoid) the positive class 1 scores the logit and the negative class 0 minus the logit, so
    the two classes have different maps; each is already held against the other. With more (a softmax, or a sigmoid a
    finding) each class scores its own logit, less that of ``against``.

    Args:
        class_index: Index of the class to explain, one for all films or (count,) integers.
        count: Number of films.
        width: Number of outputs of the network.
        against: Index of the class to hold it against, in the same form; None: none.
        softmax: Whether several outputs share one softmax; False: each has a sigmoid.

    Raises:
        UsageError: An index that is no class, not one index a film, or a class against itself.
    """
    chosen = _checked(class_index, count, width)
    choices = np.array([[-1.0], [1.0]]) if width == 1 else np.eye(width)
    if against is None:
        return Target(choices[chosen].astype("float32"), softmax and width > 1)
    other = _checked(against, count, width)
    if np.any(chosen == other):
        raise UsageError(f"A class must be held against another. Received: class {chosen[chosen == other][0]} twice.")
    weights = choices[chosen] if width == 1 else choices[chosen] - choices[other]
    return Target(weights.astype("float32"), False)


def _checked(class_index: np.ndarray | int, count: int, width: int) -> np.ndarray:
    index, classes = np.asarray(class_index), max(width, 2)
    if index.dtype.kind not in "iu" or index.shape not in {(), (count,)}:
        raise UsageError(
            f"The class index must be an integer or one integer for each of the {count} films. "
            f"Received: {index.dtype} of shape {index.shape}."
        )
    if np.any((index < 0) | (index >= classes)):
        raise UsageError(f"The class index must lie between 0 and {classes - 1}. Received: {index.tolist()}.")
    return np.broadcast_to(index, (count,))

"""Logits scaled and shifted to fit labelled films: Platt's recalibration, for two classes or more."""

import dataclasses

import numpy as np

from keras_cxr.evaluation.calibration import probabilities

LARGEST_SCALE = 20.0


@dataclasses.dataclass(frozen=True)
class Scaling:
    """What logits are multiplied by, and what is added for each class.

    Attributes:
        scale: 0 or more, 1 / temperature; 0 where the logits tell nothing.
        bias: (k,) float64, the first 0.
    """

    scale: float
    bias: np.ndarray

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities (n, k) float64 of logits (n, 1) or (n, k)."""
        return probabilities(self.scale * _every_class(logits) + self.bias)


def fit_scaling(logits: np.ndarray, targets: np.ndarray, classes: int) -> Scaling:
    """The scale and biases of least log loss.

    Of two classes this is Platt's (Advances in Large Margin Classifiers, 1999), of more the bias-corrected temperature
    scaling of Alexandari, Kundaje & Shrikumar, ICML 2020. Targets are softened as Platt does, (n_c + 1) / (n_c + k)
    in place of 1 for a class of n_c films, so that few films, or films that are told apart without fault, give finite
    numbers. The scale is not negative: an order that is upside down is not turned round by a few films.

    Args:
        logits: (n, 1), that of the positive class, or (n, k).
        targets: (n,) class indices.
        classes: k.
    """
    from scipy import optimize

    logits, targets = _every_class(logits), np.asarray(targets)
    spread = max(float(np.std(logits - logits.mean(axis=1, keepdims=True))), 1e-6)
    scores = logits / spread
    size = np.bincount(targets, minlength=classes)[targets][:, None]
    wanted = (np.eye(classes)[targets] * size + 1) / (size + classes)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        p = probabilities(parameters[0] * scores + np.concatenate([[0.0], parameters[1:]]))
        gap = (p - wanted) / len(p)
        gradient = np.concatenate([[np.sum(gap * scores)], gap.sum(axis=0)[1:]])
        return -np.mean(np.sum(wanted * np.log(np.clip(p, 1e-300, 1)), axis=1)), gradient

    start = np.zeros(classes)
    start[0] = spread
    bounds = [(0.0, LARGEST_SCALE * spread), *[(None, None)] * (classes - 1)]
    best = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-8}).x
    return Scaling(float(best[0] / spread), np.concatenate([[0.0], best[1:]]))


def _every_class(logits: np.ndarray) -> np.ndarray:
    logits = np.asarray(logits, dtype="float64")
    return np.hstack([np.zeros_like(logits), logits]) if logits.shape[1] == 1 else logits

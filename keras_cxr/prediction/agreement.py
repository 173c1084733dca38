"""Whether another runtime's logits mean the same as Keras's."""

import dataclasses

import numpy as np

from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.models.saved_model import Card

LARGEST_DIFFERENCE = 0.01
LABELS_AGREE = 0.995
AUROC_LOSS = 0.002


@dataclasses.dataclass(frozen=True)
class Agreement:
    """Share of films with the same label, and the largest difference in a probability."""

    labels: float
    difference: float

    @property
    def close(self) -> bool:
        """Whether every label is the same and no probability differs by more than 0.01."""
        return self.labels == 1 and self.difference <= LARGEST_DIFFERENCE


def compare(card: Card, logits: np.ndarray, others: np.ndarray) -> Agreement:
    """Hold ``others`` against ``logits``, both (films, units), by the card's temperature and threshold."""
    if others.shape != logits.shape or not np.isfinite(others).all():
        return Agreement(0.0, np.inf)
    p, q = (probabilities(scores, card.temperature) for scores in (logits, others))
    return Agreement(float((_labels(card, p) == _labels(card, q)).mean()), float(np.abs(p - q).max()))


def validation_auroc(card: Card, logits: np.ndarray, targets: np.ndarray) -> float | None:
    """AUROC of two classes, or the mean over the classes of each against the rest; None without both sides.

    Args:
        card: Of the model.
        logits: (films, units).
        targets: (films,) class numbers.
    """
    # Brings scipy.stats, which takes longer to load than a film to label; only who writes a file needs it.
    from keras_cxr.evaluation.auroc import auroc

    p = probabilities(logits, card.temperature) if len(logits) else np.empty((0, len(card.classes)))
    chosen = [1] if len(card.classes) == 2 else [k for k in range(len(card.classes)) if (targets == k).any()]
    areas = [auroc(targets == k, p[:, k]) for k in chosen] if len(p) else []
    return float(np.mean(areas)) if areas and np.isfinite(areas).all() else None


def _labels(card: Card, p: np.ndarray) -> np.ndarray:
    return p[:, 1] >= card.threshold if card.threshold is not None else p.argmax(axis=1)

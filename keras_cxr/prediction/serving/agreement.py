"""Whether another runtime's logits mean the same as Keras's."""

import dataclasses

import numpy as np

from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.models.saved_model import Card

LARGEST_DIFFERENCE = 0.01
LABELS_AGREE = 0.995
AUROC_LOSS = 0.002


@dataclasses.dataclass(frozen=True)
class Agreement:
    """Share of films with the same label, or set of findings, and the largest difference in a probability."""

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
    p, q = (probabilities(scores, card.temperature, card.task) for scores in (logits, others))
    return Agreement(float((_labels(card, p) == _labels(card, q)).mean()), float(np.abs(p - q).max()))


def validation_auroc(card: Card, logits: np.ndarray, targets: np.ndarray) -> float | None:
    """AUROC of two classes, or the mean over the classes of each against the rest; None without both sides.

    Args:
        card: Of the model.
        logits: (films, units).
        targets: (films,) class numbers; multi-label, (films, classes) 0 or 1.
    """
    # Brings scipy.stats, which takes longer to load than a film to label; only who writes a file needs it.
    from keras_cxr.evaluation.auroc import auroc

    if not len(logits):
        return None
    p, k = probabilities(logits, card.temperature, card.task), len(card.classes)
    if card.task == MULTI_LABEL:
        positive = np.asarray(targets, bool)
        chosen = np.flatnonzero(positive.any(axis=0) & ~positive.all(axis=0))
    else:
        positive = targets[:, None] == np.arange(k)
        chosen = [1] if k == 2 else np.flatnonzero(positive.any(axis=0))
    areas = [auroc(positive[:, index], p[:, index]) for index in chosen]
    return float(np.mean(areas)) if areas and np.isfinite(areas).all() else None


def _labels(card: Card, p: np.ndarray) -> np.ndarray:
    """(films,) the class, or the set of findings as one number each."""
    if card.task == MULTI_LABEL:
        return (p >= [card.thresholds[name] for name in card.classes]) @ (1 << np.arange(len(card.classes)))
    return p[:, 1] >= card.threshold if card.threshold is not None else p.argmax(axis=1)

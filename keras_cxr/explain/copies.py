"""What the methods share that run a network on many changed copies of each film."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from keras_cxr.explain.target import Target

if TYPE_CHECKING:
    from keras_cxr.explain.network import Network

BATCH = 32


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices of up to ``size`` that together cover ``count``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def score_of(network: "Network", image: np.ndarray, target: Target) -> float:
    """The score of one film (H, W, C)."""
    return float(target.scores(network.logits(image[np.newaxis]))[0])


def alike(scores: np.ndarray) -> bool:
    """Whether scores differ by no more than float32's rounding: what was changed in the film then tells nothing."""
    return bool(np.ptp(scores) <= 1e-5 * max(1.0, np.abs(scores).max()))

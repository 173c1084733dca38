"""What the methods share that run a network on many changed copies of each film."""

from collections.abc import Iterator

import numpy as np

from keras_cxr.errors import UsageError
from keras_cxr.explain.explainable import Explainable
from keras_cxr.explain.target import Target

BATCH = 32
FILLS = ("mean", "black")


def check_fill(fill: str) -> str:
    """``fill``, one of `FILLS`: what stands where a part of a film is taken away.

    Raises:
        UsageError: Another one.
    """
    if fill not in FILLS:
        raise UsageError(f"The fill must be one of {', '.join(FILLS)}. Received: '{fill}'.")
    return fill


def fill_level(image: np.ndarray, fill: str) -> np.ndarray:
    """The gray level, (C,), that stands for what is taken from a film (H, W, C): its mean, or black."""
    return image.mean(axis=(0, 1)) if fill == "mean" else np.zeros(image.shape[-1], image.dtype)


def batches(count: int, size: int) -> Iterator[slice]:
    """Slices of up to ``size`` that together cover ``count``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def score_of(network: Explainable, image: np.ndarray, target: Target) -> float:
    """The score of one film (H, W, C)."""
    return float(target.scores(network.logits(image[np.newaxis]))[0])


def alike(scores: np.ndarray) -> bool:
    """Whether scores differ by no more than float32's rounding: what was changed in the film then tells nothing."""
    return bool(np.ptp(scores) <= 1e-5 * max(1.0, np.abs(scores).max()))

"""Contrast settings that change a film's gray levels, named in the card and applied wherever a film is read."""

from collections.abc import Callable

import cv2
import numpy as np

from keras_cxr.data.images import window_by_percentile
from keras_cxr.errors import UsageError, unknown_name

MATCH = "match"


def _clahe(film: np.ndarray) -> np.ndarray:
    # Zuiderveld 1994; a new object a film, as OpenCV's keeps state between calls and films are read in threads.
    return cv2.createCLAHE(clipLimit=2.0, tileGridSize=(8, 8)).apply(film)


def _sharpen(film: np.ndarray) -> np.ndarray:
    """Unsharp mask: the film plus its difference to a Gaussian blur of 1 % of its longer side."""
    sharp = film.astype(np.float32)
    blurred = cv2.GaussianBlur(sharp, (0, 0), sigmaX=max(0.5, 0.01 * max(film.shape)))
    return np.clip(np.rint(2 * sharp - blurred), 0, 255).astype(np.uint8)


STEPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "percentile": window_by_percentile,
    "clahe": _clahe,
    "equalize": cv2.equalizeHist,
    "sharpen": _sharpen,
}


def steps(enhance: str) -> list[str]:
    """The steps of a setting such as 'clahe,sharpen', in order; 'match' (to the training films) comes last.

    Raises:
        UsageError: An unknown step, with the nearest known one; or 'match' before another.
    """
    names = [name.strip() for name in enhance.split(",") if name.strip() not in ("", "none")]
    for name in names:
        if name not in (*STEPS, MATCH):
            raise unknown_name("step of --enhance", name, [*STEPS, MATCH])
    if MATCH in names[:-1]:
        raise UsageError(f"In --enhance, 'match' must come last, and once. Received: {enhance}.")
    return names


def enhance(film: np.ndarray, setting: str, reference: tuple[float, ...] = ()) -> np.ndarray:
    """Apply a setting to a film (height, width) uint8, padding not included.

    Args:
        film: Gray levels.
        setting: See ``steps``.
        reference: For 'match': the cumulative histogram of the training films, 256 values rising to 1.

    Returns:
        (height, width) uint8.
    """
    for name in steps(setting):
        if name != MATCH:
            film = STEPS[name](film)
        elif reference:
            film = match(film, reference)
    return film


def match(film: np.ndarray, reference: tuple[float, ...]) -> np.ndarray:
    """Histogram matching: each gray level goes to the level of the same quantile in ``reference``."""
    own = np.cumsum(np.bincount(film.ravel(), minlength=256)) / film.size
    # Levels that do not occur repeat a quantile; the first level that reaches it is the one that has it.
    quantiles, levels = np.unique(reference, return_index=True)
    table = np.interp(own, quantiles, levels)
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)[film]


def cumulative_histogram(films: list[np.ndarray]) -> tuple[float, ...]:
    """Mean cumulative histogram (256 values, rising to 1) of films (height, width) uint8, each film of equal weight."""
    counts = sum(np.bincount(film.ravel(), minlength=256) / film.size for film in films)
    return tuple(float(value) for value in np.cumsum(counts) / len(films))

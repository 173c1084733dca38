"""Films that may be no good: blank, inverted, turned, or not like the others. Hints, but for the blank ones."""

import numpy as np
import pandas as pd

BLANK_DEVIATION = 4.0  # gray levels: below it there is nothing to see
FEWEST = 20  # films, below which there is no telling what the others look like
_SIDE = 32
_SAMPLE = 2000
_TURNS = (0, 1, 2, 3)  # quarter turns against the clock
# Correlations with the middle film of the set; measured on real films, see docs/audit.md.
LIKE, UNLIKE, CLEARER = 0.3, 0.15, 0.1


def find_suspicious(thumbnails: np.ndarray, deviation: pd.Series) -> list[list[str]]:
    """What is odd about each film: 'blank', 'inverted', 'turned 90°' (180°, 270°, against the clock), 'unlike'.

    A film is held against the middle film of the set (the median of each pixel), upright and turned. It is inverted
    where it is clearly most like the negative, turned where clearly most like a turned one, and unlike where it is
    like none of them.

    Args:
        thumbnails: Gray levels (films, 64, 64) uint8.
        deviation: Of each film's gray levels, NaN where it cannot be read.

    Returns:
        A list a film, empty where nothing is odd. Of fewer than 20 films only the blank ones are told.
    """
    deviation = deviation.to_numpy(float)
    odd = [["blank"] if value < BLANK_DEVIATION else [] for value in deviation]
    rows = np.flatnonzero(deviation >= BLANK_DEVIATION)
    if len(rows) < FEWEST:
        return odd
    for row, likeness in zip(rows, likenesses(thumbnails[rows]), strict=True):
        if word := _word(likeness):
            odd[row].append(word)
    return odd


def likenesses(thumbnails: np.ndarray) -> np.ndarray:
    """The correlation (films, 4) of each film with the middle film turned by 0, 90, 180 and 270 degrees."""
    half = thumbnails.shape[1] // _SIDE
    films = thumbnails.reshape(len(thumbnails), _SIDE, half, _SIDE, half).mean((2, 4), dtype=np.float32)
    films = _standardised(films.reshape(len(films), -1))
    sample = films[:: max(1, len(films) // _SAMPLE)]
    middle = np.median(sample, axis=0).reshape(_SIDE, _SIDE)
    turned = np.stack([np.rot90(middle, turn).ravel() for turn in _TURNS])
    return films @ _standardised(turned).T / films.shape[1]


def _standardised(films: np.ndarray) -> np.ndarray:
    deviation = films.std(axis=1, keepdims=True)
    return (films - films.mean(axis=1, keepdims=True)) / np.maximum(deviation, 1e-6)


def _word(likeness: np.ndarray) -> str:
    upright, turned = likeness[0], likeness[1:]
    turn = int(turned.argmax())
    if upright < -LIKE and -upright > likeness.max():
        return "inverted"
    if turned[turn] > LIKE and turned[turn] > upright + CLEARER:
        return f"turned {90 * (turn + 1)}°"
    return "unlike" if upright < UNLIKE else ""

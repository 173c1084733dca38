"""Text burned into the border of a film: names, dates and stations, which a network can learn in place of the lungs."""

import cv2
import numpy as np

BORDER = 0.15  # of the side
LETTERS = 4  # in a line; side markers have one to three
CONTRAST = 70  # gray levels that strokes are brighter than what surrounds them
_STROKE = 9  # pixels: wider structures are no letters
_HEIGHT, _WIDTH, _AREA = (4, 28), (2, 28), 5


def has_burned_in_text(film: np.ndarray) -> bool:
    """Whether four or more bright letters stand in a line near the border; a hint.

    Args:
        film: Gray levels (256, 256) uint8.
    """
    strokes = cv2.morphologyEx(film, cv2.MORPH_TOPHAT, np.ones((_STROKE, _STROKE), np.uint8)) >= CONTRAST
    side = round(BORDER * len(film))
    strokes[side:-side, side:-side] = False
    _, _, stats, centres = cv2.connectedComponentsWithStats(strokes.astype(np.uint8))
    width, height, area = stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
    sized = (height >= _HEIGHT[0]) & (height <= _HEIGHT[1]) & (width >= _WIDTH[0]) & (width <= _WIDTH[1])
    letter = np.flatnonzero(sized & (area >= _AREA))
    x, y, height = centres[1:, 0][letter], centres[1:, 1][letter], height[letter]
    for row in range(len(letter)):
        # Of a like height, on one line, and no farther from each other than a few letters.
        beside = (np.abs(y - y[row]) < 0.4 * height[row]) & (np.abs(height - height[row]) <= 0.4 * height[row])
        places = np.sort(x[beside])
        if _longest_run(places, gap=2.0 * height[row] + 4) >= LETTERS:
            return True
    return False


def _longest_run(places: np.ndarray, gap: float) -> int:
    breaks = np.flatnonzero(np.diff(places) > gap)
    return int(np.diff(np.concatenate([[-1], breaks, [len(places) - 1]])).max(initial=0))

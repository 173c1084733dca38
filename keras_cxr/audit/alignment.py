"""How alike two films are in their details, once the one is laid over the other."""

import cv2
import numpy as np

STEPS = 5
MARGIN = 5  # of the thumbnail's pixels at each side: what a cut leaves out of one of the films
FARTHEST = 4.0  # thumbnail pixels that a film is shifted or, at its edge, stretched: 6 % of its side
_FINE, _COARSE = 0.8, 2.5  # thumbnail pixels: details lie between these two blurs
_BATCH = 256


def detail_similarity(thumbnails: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The correlation of the details of two films after the second was shifted and stretched to fit the first.

    The shift and the stretch along both axes are found by Gauss-Newton steps with gain and offset of the gray levels
    (Lucas & Kanade, IJCAI 1981). Coarse shapes, which all chest films share, are taken out before the correlation.

    Args:
        thumbnails: Gray levels (films, side, side) uint8.
        pairs: Row numbers (pairs, 2).

    Returns:
        (pairs,) float32, -1 to 1; 0 where a film has no details.
    """
    found = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), _BATCH):
        part = pairs[start : start + _BATCH]
        still, moving = (np.stack([_smooth(thumbnails[row]) for row in rows]) for rows in part.T)
        moved = _fit(still, moving)
        found[start : start + _BATCH] = _correlation(_details(still), _details(moved))
    return found


def _smooth(thumbnail: np.ndarray) -> np.ndarray:
    film = cv2.GaussianBlur(thumbnail.astype(np.float32), (0, 0), _FINE)
    return (film - film.mean()) / max(float(film.std()), 1e-3)


def _inner(films: np.ndarray) -> np.ndarray:
    """The middle of the films, flat: (films, pixels)."""
    return films[:, MARGIN:-MARGIN, MARGIN:-MARGIN].reshape(len(films), -1)


def _fit(still: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """``moving`` (pairs, side, side) float32 shifted and stretched over ``still``."""
    side = still.shape[1]
    along = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / ((side - 1) / 2)  # -1 to 1
    down, right = np.gradient(still, axis=(1, 2))
    # A film that lies d off is, to the first order, the still one + d · gradient: shifts, stretches, gain, offset.
    parts = (right, down, right * along, down * along[:, None], still, np.ones_like(still))
    basis = np.stack([_inner(part) for part in parts], axis=1)
    normal = basis @ basis.transpose(0, 2, 1)
    normal += 1e-3 * np.eye(len(parts), dtype=np.float32)  # A film of stripes has no gradient along them.
    where = np.zeros((len(still), 4), np.float32)  # shifts to the right and down, stretches along both
    moved = moving
    for _ in range(STEPS):
        weights = np.linalg.solve(normal, basis @ _inner(moved)[..., None])[..., 0]
        gain = np.maximum(weights[:, 4:5], 0.2)
        where = np.clip(where - weights[:, :4] / gain, -FARTHEST, FARTHEST).astype(np.float32)
        moved = np.stack([_move(film, *place) for film, place in zip(moving, where, strict=True)])
    return moved


def _move(film: np.ndarray, right: float, down: float, wider: float, higher: float) -> np.ndarray:
    half = (len(film) - 1) / 2
    matrix = np.array([[1 + wider / half, 0, right - wider], [0, 1 + higher / half, down - higher]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(film, matrix, film.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _details(films: np.ndarray) -> np.ndarray:
    return _inner(np.stack([film - cv2.GaussianBlur(film, (0, 0), _COARSE) for film in films]))


def _correlation(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first, second = (one - one.mean(axis=1, keepdims=True) for one in (first, second))
    scale = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    return np.where(scale > 1e-6, (first * second).sum(axis=1) / np.maximum(scale, 1e-6), 0)

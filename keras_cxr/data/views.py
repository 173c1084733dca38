"""A film shown in part: the border alone or removed, the lungs alone or covered.

What is not shown is filled with the mean gray of what is: the whole film's would tell of the part that is hidden.
"""

from collections.abc import Callable

import numpy as np

from keras_cxr.data.geometry import to_canvas
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.lungs import LungMasks, lung_region, pixels_of
from keras_cxr.data.preprocessing import Preprocessing

# Of the film's width on the left and the right, and of its height above and below.
BORDER = 0.15

# The rows and columns of the canvas that the film fills.
Place = tuple[slice, slice]


def whole_film(film: np.ndarray, place: Place, lungs: np.ndarray | None) -> np.ndarray:
    """(size, size) bool: everything."""
    return np.ones(film.shape, bool)


def border_alone(film: np.ndarray, place: Place, lungs: np.ndarray | None) -> np.ndarray:
    """(size, size) bool: the outer 15 % of the film on each side, and the padding."""
    return ~border_removed(film, place, lungs)


def border_removed(film: np.ndarray, place: Place, lungs: np.ndarray | None) -> np.ndarray:
    """(size, size) bool: the film without the outer 15 % on each side, and without the padding."""
    shown = np.zeros(film.shape, bool)
    shown[tuple(slice(*_inner(side)) for side in place)] = True
    return shown


def lungs_covered(film: np.ndarray, place: Place, lungs: np.ndarray) -> np.ndarray:
    """(size, size) bool: all but the box around the lungs with its margin, as their outline tells of them too."""
    left, top, right, bottom = pixels_of(lung_region(lungs.astype(np.uint8) * 255), *film.shape[::-1])
    shown = np.ones(film.shape, bool)
    shown[top:bottom, left:right] = False
    return shown


def lungs_alone(film: np.ndarray, place: Place, lungs: np.ndarray) -> np.ndarray:
    """(size, size) bool: what the lung mask covers."""
    return lungs


VIEWS: dict[str, Callable] = {
    "whole film": whole_film,
    "border alone": border_alone,
    "border removed": border_removed,
    "lungs covered": lungs_covered,
    "lungs alone": lungs_alone,
}
NEED_LUNGS = ("lungs covered", "lungs alone")


def view(name: str, film: np.ndarray, place: Place, lungs: np.ndarray | None = None) -> np.ndarray:
    """One view of a film.

    Args:
        name: One of ``VIEWS``.
        film: Canvas (size, size) uint8.
        place: The rows and columns of the canvas that the film fills; see ``geometry.shown_part``.
        lungs: (size, size) bool, true in the lungs; for those of ``NEED_LUNGS``.

    Returns:
        (size, size) uint8.

    Raises:
        CxrError: The lungs are empty.
    """
    shown = VIEWS[name](film, place, lungs)
    seen = film[place][shown[place]]
    return np.where(shown, film, np.uint8(round(float(seen.mean())) if len(seen) else 0))


def lungs_on_canvas(path: str, preprocessing: Preprocessing, masks: LungMasks) -> np.ndarray:
    """The lungs of a film where the network's canvas shows them, (size, size) bool.

    Args:
        path: The film.
        preprocessing: Size and fit of the canvas; the whole film is shown.
        masks: Where the masks come from.

    Raises:
        CxrError: The film or its mask cannot be read, or the mask is empty.
    """
    gray, own_size = decode(read_bytes(path), at_least=preprocessing.size)
    mask = to_canvas(masks(path, gray), Preprocessing(preprocessing.size, preprocessing.fit), own_size)
    lung_region(mask)
    return mask > 127


def _inner(side: slice) -> tuple[int, int]:
    cut = round(BORDER * (side.stop - side.start))
    return side.start + cut, side.stop - cut

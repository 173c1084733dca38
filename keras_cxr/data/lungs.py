"""The lungs of a film alone: cropped to them, or everything else darkened as well."""

import pathlib
from collections.abc import Callable, Mapping

import cv2
import numpy as np

from keras_cxr.data.folders import existing_folder, walk_films
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.errors import CxrError

# From a film's path and gray levels (height, width) uint8 to its mask of the same shape, above 127 in the lungs.
LungMasks = Callable[[str, np.ndarray], np.ndarray]

MARGIN = 0.05
SOFT_EDGE = 0.01


def masks_in_folder(folder: str | pathlib.Path) -> LungMasks:
    """Masks from files: for each film the picture in ``folder`` (or deeper) with its base name.

    Raises:
        CxrError: No such folder; or, for a film, no mask or two of its name.
    """
    found: dict[str, list[str]] = {}
    for path in walk_films(existing_folder(folder, "The mask folder")):
        found.setdefault(pathlib.Path(path).stem, []).append(path)

    def mask(path: str, gray: np.ndarray) -> np.ndarray:
        files = found.get(pathlib.Path(path).stem, [])
        if len(files) != 1:
            raise CxrError(f"has {len(files) or 'no'} lung mask{'s' * (len(files) > 1)} in '{folder}'")
        return _read_mask(files[0], gray)

    return mask


def masks_by_file(known: Mapping[str, str]) -> LungMasks:
    """Masks from files that a data set names: film path to mask path, '' or nothing where it has none."""

    def mask(path: str, gray: np.ndarray) -> np.ndarray:
        if not known.get(path):
            raise CxrError("has no lung mask")
        return _read_mask(known[path], gray)

    return mask


def _read_mask(file: str, gray: np.ndarray) -> np.ndarray:
    try:
        content, _ = decode(read_bytes(file))
    except CxrError as fault:
        raise CxrError(f"its lung mask '{file}': {fault}") from fault
    return cv2.resize(content, gray.shape[::-1], interpolation=cv2.INTER_NEAREST)


def lung_region(mask: np.ndarray) -> tuple[float, float, float, float]:
    """The box around the lungs with a margin of 5 % of its longer side: left, top, right, bottom as shares of the film.

    Args:
        mask: (height, width) uint8, above 127 in the lungs.

    Raises:
        CxrError: The mask is empty.
    """
    rows, columns = (np.flatnonzero((mask > 127).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise CxrError("no lungs were found in it")
    height, width = mask.shape
    margin = MARGIN * max(rows[-1] - rows[0], columns[-1] - columns[0])
    left, right = max(0, columns[0] - margin) / width, min(width, columns[-1] + 1 + margin) / width
    top, bottom = max(0, rows[0] - margin) / height, min(height, rows[-1] + 1 + margin) / height
    return left, top, right, bottom


def lungs_alone(gray: np.ndarray, mask: np.ndarray, mode: str) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """A film's part around the lungs.

    Args:
        gray: (height, width) uint8.
        mask: The same shape.
        mode: 'crop' keeps what lies between and around the lungs; 'mask' makes it black, with an edge softened over
            1 % of the film's longer side.

    Returns:
        The part (h, w) uint8, and its box as ``lung_region``.

    Raises:
        CxrError: The mask is empty.
    """
    region = lung_region(mask)
    if mode == "mask":
        soft = cv2.GaussianBlur((mask > 127).astype(np.float32), (0, 0), sigmaX=max(0.5, SOFT_EDGE * max(gray.shape)))
        gray = np.rint(gray * soft).astype(np.uint8)
    left, top, right, bottom = pixels_of(region, gray.shape[1], gray.shape[0])
    return gray[top:bottom, left:right], region


def pixels_of(region: tuple[float, float, float, float], width: int, height: int) -> tuple[int, int, int, int]:
    """A box given as shares, in pixels of a film of that size: left, top, right, bottom, at least one pixel wide."""
    left, right = round(region[0] * width), round(region[2] * width)
    top, bottom = round(region[1] * height), round(region[3] * height)
    return left, top, max(right, left + 1), max(bottom, top + 1)

"""Film files to canvases, many at a time: decoded and resized in threads, in order, faults kept beside the films."""

import collections
import concurrent.futures
import contextvars
import dataclasses
import functools
import hashlib
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np

from keras_cxr.data.geometry import shown_part, to_canvas
from keras_cxr.data.headers import header_facts, not_frontal
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.lungs import LungMasks, lungs_alone, pixels_of
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError

# What ``read_films`` reads each film with in place of ``read_film``; see ``kept_films``.
READER: contextvars.ContextVar["Callable[..., Film] | None"] = contextvars.ContextVar("READER", default=None)
# Films that a thread reads ahead of their use: a canvas takes 50 KB, a picture twenty times as much.
_AHEAD, _AHEAD_PICTURES = 32, 4


@dataclasses.dataclass(frozen=True)
class Film:
    """One film on the network's canvas, or the reason why there is none.

    Attributes:
        path: The file.
        pixels: Gray levels (size, size) uint8, or None.
        width, height: The film's own size in pixels (0 where it could not be read).
        sha256: Of the file's bytes ('' where it could not be read).
        error: The reason why ``pixels`` is None, else ''.
        region: The part of the film that the canvas shows: left, top, right, bottom as shares of the film.
        picture: ``picture_of`` the film, where ``read_films`` was asked for it.
    """

    path: str
    pixels: np.ndarray | None
    width: int = 0
    height: int = 0
    sha256: str = ""
    error: str = ""
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    picture: np.ndarray | None = None

    def place(self, preprocessing: Preprocessing) -> tuple[slice, slice]:
        """The rows and columns of the canvas that the film fills."""
        return shown_part(self.width, self.height, self.region, preprocessing)


def read_film(
    path: str | pathlib.Path,
    preprocessing: Preprocessing,
    lungs: LungMasks | None = None,
    frontal_only: bool = False,
    picture_side: int | None = None,
) -> Film:
    """Read one film; a fault of the file is returned in ``error``, not raised.

    Args:
        path: The file.
        preprocessing: How it comes to its canvas.
        lungs: The masks, where ``preprocessing.lungs`` asks for them.
        frontal_only: Whether a DICOM film that is lateral or of another body part counts as a fault.
        picture_side: The film comes with its ``picture_of`` this side.
    """
    try:
        if frontal_only and (reason := not_frontal(header_facts(str(path)))):
            raise CxrError(f"left out by --frontal-only: {reason}")
        content = read_bytes(path)
        # Twice the canvas: the resizing averages over what libjpeg leaves rough, and lungs, a half to three quarters
        # of a film's side, need not be enlarged again. Most of the time goes to the entropy code, at any size.
        decoded, own_size = decode(content, at_least=2 * preprocessing.size)
        gray, region, shown = decoded, (0.0, 0.0, 1.0, 1.0), own_size
        if preprocessing.lungs != "none":
            gray, region = lungs_alone(gray, lungs(str(path), gray), preprocessing.lungs)
            left, top, right, bottom = pixels_of(region, *own_size)
            shown = right - left, bottom - top
        pixels = to_canvas(gray, preprocessing, shown)
        picture = picture_of(path, picture_side, decoded, own_size) if picture_side else None
    except CxrError as fault:
        return Film(str(path), None, error=str(fault))
    return Film(str(path), pixels, *own_size, hashlib.sha256(content).hexdigest(), region=region, picture=picture)


def picture_of(
    path: str | pathlib.Path,
    side: int | None,
    decoded: np.ndarray | None = None,
    own_size: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """The whole film to be looked at: in its own size, or a large one shrunk.

    Args:
        path: The file.
        side: Pixels that the shorter side of a larger film is shrunk to; None: the film's own size.
        decoded, own_size: What ``images.decode`` gave of the file, where that was done already.

    Returns:
        Gray levels (height, width) uint8.

    Raises:
        CxrError: The film cannot be read.
    """
    # What lacks an eighth of the pixels looks the same, and is at hand; to decode again takes as long as a picture.
    enough = min(own_size) if side is None else min(side * 7 / 8, *own_size)
    if decoded is None or min(decoded.shape) < enough:
        decoded, own_size = decode(read_bytes(path), at_least=side)
    have, shorter = min(decoded.shape), min(own_size)
    if side is None or shorter <= side:
        return decoded
    # Of up to twice as many pixels bilinear weights leave none out, in a fifth of the time of a mean.
    how = cv2.INTER_LINEAR if have <= 2 * side else cv2.INTER_AREA
    return cv2.resize(decoded, [round(length * side / shorter) for length in own_size], interpolation=how)


def read_films(
    paths: Iterable[str],
    preprocessing: Preprocessing,
    lungs: LungMasks | None = None,
    frontal_only: bool = False,
    workers: int | None = None,
    picture_side: int | None = None,
) -> Iterator[Film]:
    """Read films in threads (OpenCV and Pillow let go of Python's lock), yielding them in the order of ``paths``.

    At most a few dozen films are held at a time, so memory does not grow with the folder. Those that a ``READER`` has
    kept from before come without their pictures.
    """
    workers = workers or max(2, os.cpu_count() or 1)
    read = READER.get() or functools.partial(read_film, picture_side=picture_side)
    ahead = workers * (_AHEAD_PICTURES if picture_side else _AHEAD)
    waiting: collections.deque = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for path in paths:
                waiting.append(pool.submit(read, path, preprocessing, lungs, frontal_only))
                if len(waiting) >= ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()

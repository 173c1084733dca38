"""Film files to canvases, many at a time: decoded and resized in threads, in order, faults kept beside the films."""

import collections
import concurrent.futures
import contextvars
import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from keras_cxr.data.geometry import shown_part, to_canvas
from keras_cxr.data.headers import header_facts, not_frontal
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.lungs import LungMasks, lungs_alone, pixels_of
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError

# What ``read_films`` reads each film with in place of ``read_film``; see ``kept_films``.
READER: contextvars.ContextVar["Callable[..., Film] | None"] = contextvars.ContextVar("READER", default=None)


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
    """

    path: str
    pixels: np.ndarray | None
    width: int = 0
    height: int = 0
    sha256: str = ""
    error: str = ""
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def place(self, preprocessing: Preprocessing) -> tuple[slice, slice]:
        """The rows and columns of the canvas that the film fills."""
        return shown_part(self.width, self.height, self.region, preprocessing)


def read_film(
    path: str | pathlib.Path,
    preprocessing: Preprocessing,
    lungs: LungMasks | None = None,
    frontal_only: bool = False,
) -> Film:
    """Read one film; a fault of the file is returned in ``error``, not raised.

    Args:
        path: The file.
        preprocessing: How it comes to its canvas.
        lungs: The masks, where ``preprocessing.lungs`` asks for them.
        frontal_only: Whether a DICOM film that is lateral or of another body part counts as a fault.
    """
    try:
        if frontal_only and (reason := not_frontal(header_facts(str(path)))):
            raise CxrError(f"left out by --frontal-only: {reason}")
        content = read_bytes(path)
        if preprocessing.lungs == "none":
            gray, (width, height) = decode(content, at_least=preprocessing.size)
            region, own_size = (0.0, 0.0, 1.0, 1.0), (width, height)
        else:
            # The lungs fill a half to three quarters of a film's side; decoded smaller they would be enlarged again.
            gray, (width, height) = decode(content, at_least=2 * preprocessing.size)
            gray, region = lungs_alone(gray, lungs(str(path), gray), preprocessing.lungs)
            left, top, right, bottom = pixels_of(region, width, height)
            own_size = (right - left, bottom - top)
        pixels = to_canvas(gray, preprocessing, own_size)
    except CxrError as fault:
        return Film(str(path), None, error=str(fault))
    return Film(str(path), pixels, width, height, hashlib.sha256(content).hexdigest(), region=region)


def read_films(
    paths: Iterable[str],
    preprocessing: Preprocessing,
    lungs: LungMasks | None = None,
    frontal_only: bool = False,
    workers: int | None = None,
) -> Iterator[Film]:
    """Read films in threads (OpenCV and Pillow let go of Python's lock), yielding them in the order of ``paths``.

    At most a few dozen films are held at a time, so memory does not grow with the folder.
    """
    workers = workers or max(2, os.cpu_count() or 1)
    read = READER.get() or read_film
    waiting: collections.deque = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for path in paths:
                waiting.append(pool.submit(read, path, preprocessing, lungs, frontal_only))
                if len(waiting) >= 32 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()

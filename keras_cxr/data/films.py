"""Film files to canvases, many at a time: decoded and resized in threads, in order, faults kept beside the films."""

import collections
import concurrent.futures
import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Iterable, Iterator

import numpy as np

from keras_cxr.data.geometry import to_canvas
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError


@dataclasses.dataclass(frozen=True)
class Film:
    """One film on the network's canvas, or the reason why there is none.

    Attributes:
        path: The file.
        pixels: Gray levels (size, size) uint8, or None.
        width, height: The film's own size in pixels (0 where it could not be read).
        sha256: Of the file's bytes ('' where it could not be read).
        error: The reason why ``pixels`` is None, else ''.
    """

    path: str
    pixels: np.ndarray | None
    width: int = 0
    height: int = 0
    sha256: str = ""
    error: str = ""


def read_film(path: str | pathlib.Path, preprocessing: Preprocessing) -> Film:
    """Read one film; a fault of the file is returned in ``error``, not raised."""
    try:
        content = read_bytes(path)
        gray, (width, height) = decode(content, at_least=preprocessing.size)
        pixels = to_canvas(gray, preprocessing, own_size=(width, height))
    except CxrError as fault:
        return Film(str(path), None, error=str(fault))
    return Film(str(path), pixels, width, height, hashlib.sha256(content).hexdigest())


def read_films(paths: Iterable[str], preprocessing: Preprocessing, workers: int | None = None) -> Iterator[Film]:
    """Read films in threads (OpenCV and Pillow let go of Python's lock), yielding them in the order of ``paths``.

    At most a few dozen films are held at a time, so memory does not grow with the folder.
    """
    workers = workers or max(2, os.cpu_count() or 1)
    waiting: collections.deque = collections.deque()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        try:
            for path in paths:
                waiting.append(pool.submit(read_film, path, preprocessing))
                if len(waiting) >= 32 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for task in waiting:
                task.cancel()

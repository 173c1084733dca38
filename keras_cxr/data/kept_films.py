"""Decoded films kept while several models look at them: one that two prepare alike is decoded once."""

import contextlib
import sys
import threading
from collections.abc import Iterator

from keras_cxr.data.films import READER, Film, read_film
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing

# Bytes of canvases: 21,000 films at 224 pixels.
LIMIT = 1024**3


class KeptFilms:
    """Reads a film as ``films.read_film`` does, and gives it again without decoding.

    A film is known by its path and by all that decides its canvas: two folders of lung masks, or two lung models, make
    two films of one file. A file that cannot be read is kept with its fault. Films beyond the limit are decoded each
    time; those that are kept stay, as every model goes through the films in the same order.

    Attributes:
        room: Bytes of canvases that may still be kept.
    """

    def __init__(self, limit: int = LIMIT):
        self.room = limit
        self._kept: dict[tuple, Film] = {}
        self._lock = threading.Lock()

    def __call__(
        self, path: str, preprocessing: Preprocessing, lungs: LungMasks | None = None, frontal_only: bool = False
    ) -> Film:
        """See ``films.read_film``; the pixels cannot be written to."""
        masks = lungs if preprocessing.lungs != "none" else None
        # One text for all films: a reference histogram makes it long.
        key = str(path), sys.intern(repr(preprocessing)), masks, frontal_only
        film = self._kept.get(key)
        if film is None:
            film = read_film(path, preprocessing, lungs, frontal_only)
            self._keep(key, film)
        return film

    def _keep(self, key: tuple, film: Film) -> None:
        size = 0 if film.pixels is None else film.pixels.nbytes
        with self._lock:
            if size > self.room or key in self._kept:
                return
            self.room -= size
            self._kept[key] = film
        if film.pixels is not None:
            film.pixels.flags.writeable = False


@contextlib.contextmanager
def films_kept(limit: int = LIMIT) -> Iterator[None]:
    """Within it ``films.read_films`` keeps what it decodes, up to ``limit`` bytes of canvases, and decodes it once."""
    token = READER.set(KeptFilms(limit))
    try:
        yield
    finally:
        READER.reset(token)

"""Feature vectors on disk, found again by the film's pixels: a frozen backbone sees each film once."""

import hashlib
import json
import pathlib
import uuid

import numpy as np

from keras_cxr.cache import cache_folder
from keras_cxr.files import whole_file, write_text


def open_store(digest: str, view: dict | None = None) -> "FeatureStore":
    """The user's store of one backbone and one view.

    Args:
        digest: Of the backbone, ``models.trunk.trunk_digest``.
        view: What decides an augmented view; None: the films as they are.
    """
    key = json.dumps([digest, view], sort_keys=True)
    return FeatureStore(cache_folder() / "features" / hashlib.sha256(key.encode()).hexdigest()[:32])


def film_key(pixels: np.ndarray) -> str:
    """A film's name in a store: SHA-256 of its canvas, uint8 (size, size) or (size, size, 1).

    By what the network sees of it: that covers the file, its preprocessing and its lung mask at once.
    """
    return hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()


class FeatureStore:
    """The vectors of one backbone, preprocessing and view: one folder of parts.

    A part is a ``.npy`` array and, written after it, a ``.txt`` that names the film of each row by the SHA-256 of its
    pixels as the network sees them. A kill loses at most the part being written; several programs may fill a store.
    """

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self._parts: list[np.ndarray] = []
        self._place: dict[str, tuple[int, int]] = {}
        for names in sorted(folder.glob("*.txt")):
            self._open(names)

    def missing(self, films: list[str]) -> list[str]:
        """The films (SHA-256) that have no vector yet, each once."""
        return [film for film in dict.fromkeys(films) if film not in self._place]

    def add(self, films: list[str], vectors: np.ndarray) -> None:
        """Keep ``vectors`` (films, width) float32 as one part."""
        part = self.folder / uuid.uuid4().hex
        with whole_file(part.with_suffix(".npy")) as temporary:
            np.save(temporary, vectors)
        write_text(part.with_suffix(".txt"), "\n".join(films) + "\n")
        self._open(part.with_suffix(".txt"))

    def read(self, films: list[str]) -> np.ndarray:
        """The vectors (films, width) float32, in the order of ``films``.

        Raises:
            KeyError: A film has none.
        """
        places = np.array([self._place[film] for film in films])
        vectors = np.empty((len(films), self._parts[0].shape[1]), np.float32)
        for number in np.unique(places[:, 0]):
            here = places[:, 0] == number
            vectors[here] = self._parts[number][places[here, 1]]
        return vectors

    def _open(self, names: pathlib.Path) -> None:
        films = names.read_text(encoding="utf-8").split()
        vectors = np.load(names.with_suffix(".npy"), mmap_mode="r")
        for row, film in enumerate(films):
            self._place[film] = (len(self._parts), row)
        self._parts.append(vectors)

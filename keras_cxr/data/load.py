"""A dataset table's films into one array, decoded once: in memory, or in a temporary file where they are many."""

import tempfile
from collections.abc import Callable

import numpy as np

from keras_cxr.data.films import read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.errors import CxrError

MEMORY_LIMIT = 4 * 1024**3


def load_films(
    dataset: Dataset,
    preprocessing: Preprocessing,
    advance: Callable[[int], None] | None = None,
    lungs: LungMasks | None = None,
) -> np.ndarray:
    """Decode every film of ``dataset`` once.

    Films that cannot be read leave the table, each named in a note; the rows that stay gain ``width``, ``height``,
    ``sha256`` and ``region`` (the part shown, as shares).

    Args:
        dataset: Changed in place.
        preprocessing: Size and fit of the canvas.
        advance: Called with 1 after each film, for a progress display.
        lungs: The masks that ``preprocessing.lungs`` asks for.

    Returns:
        Gray levels (films, size, size) uint8 in the order of the table; a memory-mapped temporary file where they
        need more than ``MEMORY_LIMIT`` bytes.

    Raises:
        CxrError: No film can be read.
    """
    table = dataset.table
    pixels = _array((len(table), preprocessing.size, preprocessing.size))
    kept, facts, faults = [], [], []
    for row, film in enumerate(read_films(table["path"], preprocessing, lungs)):
        if film.pixels is None:
            faults.append(f"{relative_name(film.path, dataset.root)}: {film.error}")
        else:
            pixels[len(kept)] = film.pixels
            kept.append(row)
            facts.append((film.width, film.height, film.sha256, film.region))
        if advance:
            advance(1)
    if not kept:
        raise CxrError(f"None of the {len(table)} films can be read. First: {faults[0]}")
    width, height, sha256, region = zip(*facts, strict=True)
    table = table.iloc[kept].reset_index(drop=True)
    dataset.table = table.assign(width=width, height=height, sha256=sha256, region=region)
    if faults:
        shown = "; ".join(faults[:5]) + (" …" if len(faults) > 5 else "")
        dataset.notes.append(
            f"{len(faults)} of {len(faults) + len(kept)} films cannot be read and are left out: {shown}"
        )
    return pixels[: len(kept)]


def _array(shape: tuple[int, ...]) -> np.ndarray:
    if np.prod(shape, dtype=np.int64) <= MEMORY_LIMIT:
        return np.empty(shape, np.uint8)
    return np.memmap(tempfile.TemporaryFile(), np.uint8, "w+", shape=shape)

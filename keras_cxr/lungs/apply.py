"""A folder of films to a folder of masks and a table, streamed: one row a file, whatever happens."""

import csv
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable

import cv2
import numpy as np

from keras_cxr.data.film_paths import PictureNames, film_paths
from keras_cxr.data.films import Film, read_films
from keras_cxr.data.table import relative_name
from keras_cxr.files import whole_file
from keras_cxr.lungs.find import BATCH, LungFinder

TABLE = "masks.csv"
COLUMNS = ("image", "mask", "confidence", "lung_share", "flag", "error")
NOTHING = "no lungs found"


@dataclasses.dataclass
class Summary:
    """What a run came to: files in all, those without lungs, and the failed ones with their reasons."""

    files: int = 0
    without: int = 0
    failures: list[tuple[str, str]] = dataclasses.field(default_factory=list)


def apply_lungs(
    finder: LungFinder,
    images: str | os.PathLike,
    output: str | os.PathLike,
    advance: Callable[[int], None] | None = None,
) -> Summary:
    """Write a mask PNG (0 and 255, the film's own size) for each film, and ``masks.csv`` with a row a file.

    Columns: ``image`` (below ``images``), ``mask`` (below ``output``), ``confidence`` (see ``clean.lung_mask``),
    ``lung_share`` (lung pixels over the film's), ``flag`` ('' or 'no lungs found', whose mask is empty), ``error``
    (the reason, with the others empty, where the film cannot be read).

    Args:
        finder: The lung model.
        images: A folder (recursive, natural order) or one film.
        output: Folder; the folders of ``images`` are mirrored in it.
        advance: Called with the number of films after each batch.

    Raises:
        CxrError: No films.
        UsageError: The output is the folder of the films.
    """
    root, paths = film_paths(images, output)
    output, names, summary = pathlib.Path(output), PictureNames(root), Summary()
    films = read_films(paths, finder.preprocessing)
    with (
        whole_file(output / TABLE) as temporary,
        # A name in the file system may hold bytes that are no UTF-8; Python carries these as surrogates.
        open(temporary, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream,
    ):
        table = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        while batch := list(itertools.islice(films, BATCH)):
            good = [film for film in batch if film.pixels is not None]
            found = finder.on_canvases((film.pixels, film.width, film.height) for film in good)
            for film in batch:
                image = relative_name(film.path, root)
                if film.pixels is None:
                    row = {"image": image, "error": film.error}
                    summary.failures.append((image, film.error))
                else:
                    row = {"image": image} | _write(film, *next(found), names.picture(film.path), output)
                    summary.without += row["flag"] != ""
                table.writerow(row)
            summary.files += len(batch)
            if advance:
                advance(len(batch))
    return summary


def _write(film: Film, mask: np.ndarray, confidence: float, name: pathlib.PurePath, output: pathlib.Path) -> dict:
    with whole_file(output / name) as temporary:
        # Through memory: OpenCV cannot write to every file name on every system.
        temporary.write_bytes(cv2.imencode(".png", mask)[1])
    share = np.count_nonzero(mask) / mask.size
    return {
        "mask": name.as_posix(),
        "confidence": round(confidence, 6),
        "lung_share": round(share, 6),
        "flag": "" if share else NOTHING,
    }

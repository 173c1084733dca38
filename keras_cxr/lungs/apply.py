"""A folder of films to a folder of masks and a table, streamed: one row a file, whatever happens."""

import csv
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.folders import existing_folder, no_films, walk_films
from keras_cxr.data.table import relative_name
from keras_cxr.errors import UsageError
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


def films_of(images: str | os.PathLike, output: str | os.PathLike) -> tuple[pathlib.Path, Iterator[str]]:
    """The folder that names are relative to, and its films, or the one film, without earlier masks in ``output``.

    Raises:
        CxrError: Nothing there, or no film in it.
        UsageError: The masks would replace the films.
    """
    path = pathlib.Path(images)
    root = path.absolute().parent if path.is_file() else existing_folder(path, "The image folder")
    inside = pathlib.Path(output).resolve()
    if inside == root.resolve():
        raise UsageError(f"The output must be another folder than that of the films. Received: {output}. Try -o masks.")
    if path.is_file():
        return root, iter([str(path.absolute())])
    if next(walk_films(root), None) is None:
        raise no_films(root)
    films = walk_films(root)
    if inside.is_relative_to(root.resolve()):
        own = os.path.join(root, inside.relative_to(root.resolve()), "")
        films = (film for film in films if not film.startswith(own))
    return root, films


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
    root, paths = films_of(images, output)
    output, names, summary = pathlib.Path(output), _Names(root), Summary()
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
                    row = {"image": image} | _write(film, *next(found), names.mask(film), output)
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


class _Names:
    """Masks' names: the film's with .png, and its whole name kept where two films would share one."""

    def __init__(self, root: pathlib.Path):
        self.root, self.taken = root, set()

    def mask(self, film: Film) -> pathlib.PurePath:
        relative = pathlib.PurePath(relative_name(film.path, self.root))
        name = relative.with_suffix(".png")
        if name in self.taken:
            name = relative.with_name(relative.name + ".png")
        self.taken.add(name)
        return name

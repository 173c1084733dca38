"""A training copy of a data set: small PNG files and a labels.csv, made in parallel, resumed where it stopped."""

import concurrent.futures
import dataclasses
import json
import math
import os
import pathlib
from collections.abc import Callable

import cv2
import numpy as np
import pandas as pd

from keras_cxr.data.film_paths import PictureNames
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.table import OPTIONAL, REQUIRED, Dataset, relative_name
from keras_cxr.errors import CxrError
from keras_cxr.files import whole_file, write_csv, write_json, write_text

LABELS, ERRORS, STATISTICS, JOURNAL = "labels.csv", "errors.csv", "statistics.json", ".converted"


@dataclasses.dataclass(frozen=True)
class Moments:
    """Number, mean and sum of squared deviations of gray levels; sums of them are exact merges (Chan et al. 1983)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def __add__(self, other: "Moments") -> "Moments":
        count = self.count + other.count
        if not count:
            return self
        step = other.mean - self.mean
        mean = self.mean + step * other.count / count
        return Moments(count, mean, self.squares + other.squares + step**2 * self.count * other.count / count)

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan

    @classmethod
    def of(cls, pixels: np.ndarray) -> "Moments":
        """Moments of a picture."""
        mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(pixels))
        return cls(pixels.size, mean, deviation**2 * pixels.size)


@dataclasses.dataclass
class Converted:
    """What a conversion came to: films written now and found from before, failures, mean and deviation on 0–255."""

    written: int
    found: int
    failures: list[tuple[str, str]]
    mean: float
    deviation: float


def convert(
    dataset: Dataset, output: str | os.PathLike, size: int, bits: int = 8, advance: Callable[[int], None] | None = None
) -> Converted:
    """Write a copy of every film, its longer side ``size`` pixels, with the table and the set's mean and deviation.

    Args:
        dataset: Labelled or not.
        output: Folder for the PNG files (names as in the data set), ``labels.csv`` (with the spacing of the copies'
            pixels in mm, rows|columns), ``boxes.csv`` and ``masks/`` where the set has them, ``statistics.json`` and,
            where films cannot be read, ``errors.csv``. Copies that are made already are kept: a kill is resumed.
        size: Pixels of the longer side; smaller films are not enlarged.
        bits: 8 or 16 a pixel.
        advance: Called with 1 after each film.

    Raises:
        CxrError: ``output`` is within the data set, or was made with other settings, or no film can be read.
    """
    output, root = pathlib.Path(output).absolute(), pathlib.Path(os.path.abspath(dataset.root))
    if output.resolve().is_relative_to(root.resolve()):
        raise CxrError(f"The copy must lie outside of the films' folder. Received: {output}.")
    settings = {"size": size, "bits": bits}
    _same_settings(output, {**settings, "films": str(root)})
    table = dataset.table
    films = [relative_name(path, root) for path in table["path"]]
    names = PictureNames(root)
    images = [str(names.picture(path)) for path in table["path"]]
    moments, failures, sizes, found = Moments(), [], {}, 0
    before = _journal(output)
    with (
        concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool,
        open(output / JOURNAL, "a", encoding="utf-8", buffering=1) as journal,
    ):
        own_sizes = [before.get(names) for names in zip(films, images, strict=True)]
        jobs = [(path, output / image, own) for path, image, own in zip(table["path"], images, own_sizes, strict=True)]
        # A window of jobs: with all handed over at once, the results of a large set would pile up.
        for start in range(0, len(jobs), 256):
            results = pool.map(lambda job: _copy(*job, size, bits), jobs[start : start + 256])
            for row, (own, width, height, reason) in enumerate(results, start=start):
                if reason:
                    failures.append((films[row], reason))
                else:
                    moments, found = moments + own, found + (own_sizes[row] is not None)
                    sizes[row] = width, height
                    if own_sizes[row] is None:
                        journal.write(json.dumps([films[row], images[row], width, height]) + "\n")
                if advance:
                    advance(1)
    if not sizes:
        raise CxrError(f"None of the {len(table)} films can be read. First: {': '.join(failures[0])}")
    scale = 255 / (2**bits - 1)
    _write_tables(dataset, output, images, sizes, size, failures)
    statistics = {"mean": moments.mean * scale, "deviation": moments.deviation * scale, "films": len(sizes)}
    write_json(output / STATISTICS, {**settings, **statistics, "unit": "gray levels 0-255"})
    return Converted(len(sizes) - found, found, failures, statistics["mean"], statistics["deviation"])


def _same_settings(output: pathlib.Path, settings: dict) -> None:
    """Hold a folder begun before to the same settings; the note of them is written first."""
    note = output / ".settings.json"
    if note.is_file():
        before = json.loads(note.read_text(encoding="utf-8"))
        if before != settings:
            raise CxrError(f"'{output}' was begun with other settings ({before}). Give the same, or another folder.")
    elif output.is_dir() and any(output.iterdir()):
        raise CxrError(f"'{output}' is not empty. Choose another folder for the copy.")
    write_text(note, json.dumps(settings))


def _journal(output: pathlib.Path) -> dict[tuple[str, str], tuple[int, int]]:
    """The copies made before, by film and copy, with the film's own width and height; a torn last line is cut off."""
    file = output / JOURNAL
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        write_text(file, whole)
    lines = [json.loads(line) for line in whole.splitlines()]
    return {(film, image): (width, height) for film, image, width, height in lines if (output / image).is_file()}


def _copy(
    path: str, target: pathlib.Path, own_size: tuple[int, int] | None, size: int, bits: int
) -> tuple[Moments, int, int, str]:
    """Make one copy, or find it made: its moments, the film's own width and height, or the reason for none."""
    if own_size is not None:
        made = _read_png(target)
        if made is not None:
            return Moments.of(made), *own_size, ""
    try:
        gray, (width, height) = decode(read_bytes(path), at_least=size, bits=bits)
    except CxrError as fault:
        return Moments(), 0, 0, str(fault)
    scale = _scale(width, height, size)
    shape = max(1, round(width * scale)), max(1, round(height * scale))
    if shape != gray.shape[::-1]:
        gray = cv2.resize(gray, shape, interpolation=cv2.INTER_AREA)
    with whole_file(target) as temporary:
        _write_png(temporary, gray)
    return Moments.of(gray), width, height, ""


def _write_png(file: pathlib.Path, gray: np.ndarray) -> None:
    # OpenCV gives no reason where it cannot write; the operating system does.
    file.write_bytes(cv2.imencode(".png", gray)[1].tobytes())


def _read_png(file: pathlib.Path) -> np.ndarray | None:
    # Not by name: OpenCV takes none that is no UTF-8.
    content = file.read_bytes()
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None


def _scale(width: int, height: int, size: int) -> float:
    return min(1.0, size / max(width, height))


def _write_tables(
    dataset: Dataset,
    output: pathlib.Path,
    images: list[str],
    sizes: dict[int, tuple[int, int]],
    size: int,
    failures: list[tuple[str, str]],
) -> None:
    """labels.csv, and what lies beside it: boxes and masks at the copies' size, and the films without a copy."""
    table = dataset.table.iloc[list(sizes)]
    # Further columns of the user's own may name persons.
    table = table[[name for name in table if name in (*REQUIRED, *OPTIONAL)]]
    names = [images[row] for row in sizes]
    scales = [_scale(*own, size) for own in sizes.values()]
    if "boxes" in table:
        _write_boxes(output / "boxes.csv", names, table, scales)
    if "mask" in table:
        _write_masks(output, names, table["mask"], dataset.root, failures)
    if "spacing" in table:
        spacing = zip(table["spacing"], scales, strict=True)
        table = table.assign(spacing=["" if not mm else f"{mm[0] / by:.4g}|{mm[1] / by:.4g}" for mm, by in spacing])
    table = table.drop(columns=["path", "mask", "boxes"], errors="ignore")
    table.insert(0, "image", names)
    if (table["label"] == "").all():
        table = table.drop(columns="label")
    write_csv(output / LABELS, table)
    (output / ERRORS).unlink(missing_ok=True)
    if failures:
        write_csv(output / ERRORS, pd.DataFrame(failures, columns=["image", "error"]))


def _write_boxes(file: pathlib.Path, names: list[str], table: pd.DataFrame, scales: list[float]) -> None:
    rows = [
        (name, label, *(round(side * scale, 2) for side in box))
        for name, label, boxes, scale in zip(names, table["label"], table["boxes"], scales, strict=True)
        for box in boxes
    ]
    write_csv(file, pd.DataFrame(rows, columns=["image", "label", "x", "y", "width", "height"]))


def _write_masks(
    output: pathlib.Path, names: list[str], masks: pd.Series, root: pathlib.Path, failures: list[tuple[str, str]]
) -> None:
    for name, mask in zip(names, masks, strict=True):
        if not mask:
            continue
        shape = _read_png(output / name).shape[::-1]
        try:
            pixels, _ = decode(read_bytes(mask))
        except CxrError as fault:
            failures.append((relative_name(mask, root), f"the lung mask cannot be read: {fault}"))
            continue
        with whole_file(output / "masks" / pathlib.PurePosixPath(name).name) as temporary:
            _write_png(temporary, cv2.resize(pixels, shape, interpolation=cv2.INTER_NEAREST))

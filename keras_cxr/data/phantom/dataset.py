"""A folder of synthetic films as a hospital might hand it over: known films, unknown films, tables, masks, boxes."""

import os
import pathlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import pandas as pd

from keras_cxr.data.phantom.anatomy import Anatomy, draw_anatomy
from keras_cxr.data.phantom.film import draw_film
from keras_cxr.data.phantom.hospital import HOSPITALS
from keras_cxr.data.phantom.opacity import Box
from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.files import whole_file, write_csv, write_text

NORMAL, PNEUMONIA = CLASSES = ("NORMAL", "PNEUMONIA")
_TITLE = "Synthetic chest films (keras-cxr phantom)"
_README = f"""{_TITLE}

Every picture in this folder was drawn by a program. None shows a person, and none may be used for diagnosis or to judge
how well a network reads real films. NORMAL films have no opacity, PNEUMONIA films have one to three; nothing else
differs between the classes. labels.csv lists the films in known_images, masks holds the lung fields (255 inside) and
boxes.csv the opacities (pixels from the upper left) of all films; unknown_images holds films of other patients, whose
classes are in unknown_truth.csv.
"""
_FIRST_UNKNOWN = 50_001  # so that the unknown patients stay the same whatever the number of known ones
_TABLES = ("labels.csv", "boxes.csv", "unknown_truth.csv")
_PICTURES = (*(f"known_images/{name}" for name in CLASSES), "unknown_images", "masks")


@dataclass(frozen=True)
class _Patient:
    """A patient of a hospital, reproducible from ``key`` = (seed, hospital, number)."""

    key: tuple[int, int, int]
    name: str
    label: str
    anatomy: Anatomy
    films: int


def write_phantom(
    folder: str | os.PathLike,
    patients: int = 120,
    seed: int = 0,
    hospital: str = "a",
    size: int = 512,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Write films of ``patients`` known patients and a tenth as many unknown ones (at least four) to a folder.

    The same arguments give the same bytes, and fewer patients give the first of the same pictures. A phantom that
    ``folder`` already holds is replaced.

    Args:
        folder: Written: ``known_images/<label>/``, ``unknown_images/``, ``masks/``, ``labels.csv``, ``boxes.csv``,
            ``unknown_truth.csv``, ``README.txt``.
        patients: Known patients, 4 to 50,000, each with one to four films of one class.
        seed: From 0.
        hospital: "a" or "b", which exposes, frames and marks its films differently.
        size: Film height in pixels, 128 to 2048.
        progress: Called with (films written, films in all) after each film.

    Returns:
        The known films: ``image`` (path in ``folder``, with slashes), ``label`` (NORMAL or PNEUMONIA), ``patient``.

    Raises:
        UsageError: An argument out of range, an unknown hospital.
        CxrError: ``folder`` holds something else.
    """
    _check(patients, seed, hospital, size)
    folder = pathlib.Path(folder)
    _clear(folder)
    write_text(folder / "README.txt", _README)
    known = [_draw_patient(seed, hospital, number) for number in range(1, patients + 1)]
    others = range(_FIRST_UNKNOWN, _FIRST_UNKNOWN + max(4, round(patients / 10)))
    unknown = [_draw_patient(seed, hospital, number) for number in others]
    jobs = [(patient, film) for patient in known + unknown for film in range(1, patient.films + 1)]
    rows, boxes = [], []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for row, found in pool.map(lambda job: _write_film(folder, *job, hospital, size), jobs):
            rows.append(row)
            boxes += [(row["image"], row["label"], *box) for box in found]
            if progress:
                progress(len(rows), len(jobs))
    films, columns = pd.DataFrame(rows), ["image", "label", "patient"]
    is_known = films["image"].str.startswith("known_images/")
    write_csv(folder / "boxes.csv", pd.DataFrame(boxes, columns=["image", "label", "x", "y", "width", "height"]))
    write_csv(folder / "unknown_truth.csv", films.loc[~is_known, columns])
    write_csv(folder / "labels.csv", films[is_known])
    return films.loc[is_known, columns]


def _check(patients: int, seed: int, hospital: str, size: int) -> None:
    if hospital not in HOSPITALS:
        raise unknown_name("hospital", hospital, HOSPITALS)
    for name, value, least, most in (
        ("patients", patients, 4, _FIRST_UNKNOWN - 1),
        ("size", size, 128, 2048),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if not least <= value <= most:
            raise UsageError(f"The '{name}' argument must lie between {least} and {most}. Received: {value}.")


def _clear(folder: pathlib.Path) -> None:
    """Take an earlier phantom out of ``folder``; refuse one that holds anything else."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise CxrError(f"The phantom needs a folder, and '{folder}' is a file. Name a new folder.")
    readme = folder / "README.txt"
    if any(folder.iterdir()) and not (readme.is_file() and readme.read_bytes().startswith(_TITLE.encode())):
        raise CxrError(f"The folder '{folder}' is not empty and holds no phantom. Name a new or an empty folder.")
    # The tables go first: a run cut short leaves pictures without tables, not tables without their pictures.
    for name in _TABLES:
        (folder / name).unlink(missing_ok=True)
    for name in _PICTURES:
        for pattern in ("phantom-*.png", ".phantom-*.png"):
            for picture in (folder / name).glob(pattern):
                picture.unlink()


def _draw_patient(seed: int, hospital: str, number: int) -> _Patient:
    site, key = HOSPITALS[hospital], (seed, ord(hospital), number)
    # Classes are dealt out in small blocks, so that any number of patients has both in the hospital's proportion.
    sick, block = site.sick
    deal = np.random.default_rng((seed, ord(hospital), (number - 1) // block, 0, 1)).permutation(block)
    label = PNEUMONIA if deal[(number - 1) % block] < sick else NORMAL
    rng = np.random.default_rng(key)
    films = int(rng.integers(1, 5))
    return _Patient(key, f"{hospital}{number:05d}", label, draw_anatomy(rng), films)


def _write_film(
    folder: pathlib.Path, patient: _Patient, number: int, hospital: str, size: int
) -> tuple[dict[str, object], list[Box]]:
    """Write film ``number`` and its mask; return its row of labels.csv and its boxes."""
    rng = np.random.default_rng((*patient.key, number))
    film = draw_film(rng, patient.anatomy, hospital, patient.label == PNEUMONIA, size)
    name = f"phantom-{patient.name}_{number:02d}.png"
    place = f"known_images/{patient.label}" if patient.key[-1] < _FIRST_UNKNOWN else "unknown_images"
    for path, pixels in ((folder / place / name, film.pixels), (folder / "masks" / name, film.lungs)):
        with whole_file(path) as temporary:
            if not cv2.imwrite(str(temporary), pixels):
                raise CxrError(f"The picture '{path}' could not be written. Is the disk full?")
    row = {"image": f"{place}/{name}", "label": patient.label, "patient": patient.name}
    return row | {"age": patient.anatomy.age, "sex": patient.anatomy.sex, "view": film.view}, film.boxes

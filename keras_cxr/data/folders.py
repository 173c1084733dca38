"""Which files of a folder are films: recursive, natural order (2.png before 10.png), no hidden files, no masks."""

import collections
import os
import pathlib
from collections.abc import Iterator

from keras_cxr.data.images import SUFFIXES
from keras_cxr.data.sniff import HEAD, is_dicom
from keras_cxr.errors import CxrError
from keras_cxr.files import natural_key

# Lung masks lie beside the films under the films' own names, also within class folders.
MASK_FOLDERS = ("mask", "masks")


def is_film_name(name: str) -> bool:
    """Whether a file of this name can be a film; one without a suffix only if it is DICOM by its content."""
    if name.startswith(".") or name.upper() == "DICOMDIR":
        return False
    return name.lower().endswith(SUFFIXES) or _has_no_suffix(name)


def _has_no_suffix(name: str) -> bool:
    suffix = os.path.splitext(name)[1][1:]
    return not suffix or suffix.isdecimal()  # '1.2.840.10008' is a name as well: archives use the film's own number.


def _is_film(path: str) -> bool:
    name = os.path.basename(path)
    if not is_film_name(name):
        return False
    if not _has_no_suffix(name):
        return True
    try:
        with open(path, "rb", buffering=0) as file:
            return is_dicom(file.read(HEAD))
    except OSError:
        return False


def walk_films(folder: str | os.PathLike) -> Iterator[str]:
    """Yield the absolute paths of the film files below ``folder``, mask folders left out.

    One folder's names are held at a time.
    """
    folder, names, below = os.path.abspath(folder), [], set()
    # Of an entry only the name is kept: the entries themselves of a large folder take several times the memory.
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                below.add(entry.name)
            names.append(entry.name)
    names.sort(key=natural_key)
    for name in names:
        path = os.path.join(folder, name)
        if name not in below:
            if _is_film(path):
                yield path
        elif name.lower() not in MASK_FOLDERS:
            yield from walk_films(path)


def subfolders(folder: pathlib.Path) -> list[pathlib.Path]:
    """The visible folders directly in ``folder``, in natural order."""
    found = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: natural_key(path.name))


def existing_folder(folder: str | os.PathLike, what: str) -> pathlib.Path:
    """``folder`` as an absolute path.

    Raises:
        CxrError: There is no such folder, or it is a file.
    """
    path = pathlib.Path(folder)
    if not path.exists():
        raise CxrError(f"{what} '{folder}' does not exist. Check the path (now in {os.getcwd()}).")
    if not path.is_dir():
        raise CxrError(f"{what} '{folder}' is a file; expected a folder of films.")
    # Without "..", as walk_films names the films: a film is known for one of the folder by its path.
    return pathlib.Path(os.path.abspath(path))


def no_films(folder: pathlib.Path) -> CxrError:
    """The error for a folder without a film, saying what lies there instead."""
    others = collections.Counter(path.suffix or path.name for path in folder.rglob("*") if path.is_file())
    there = ", ".join(f"{count} {suffix}" for suffix, count in others.most_common(4)) or "nothing"
    return CxrError(f"No film in '{folder}': expected {', '.join(SUFFIXES)} files there or deeper. Found: {there}.")

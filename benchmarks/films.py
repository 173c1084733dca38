"""The films that benchmarks run on: real ones where they are at hand, drawn ones otherwise."""

import argparse
import itertools
import os
import pathlib
import tempfile

from measure import SHARED


def small_films(options: argparse.Namespace) -> list[pathlib.Path]:
    """Films of 224 × 224 pixels in a folder a class, or those of ``--data``."""
    return _films(options, SHARED / "data" / "kermany224" / "train", drawn=256)


def full_size_films(options: argparse.Namespace) -> list[pathlib.Path]:
    """Films of about 1,300 × 1,000 pixels in a folder a class, or those of ``--data``."""
    return _films(options, SHARED / "data" / "kermany-fullsize", drawn=1000)


def _films(options: argparse.Namespace, real: pathlib.Path, drawn: int) -> list[pathlib.Path]:
    folder = options.data or (real if real.is_dir() else _draw(drawn))
    by_class = [sorted(path for path in one.iterdir() if path.is_file()) for one in sorted(folder.iterdir())]
    # One class after another in the share that each has: any first N films are of all classes.
    places = [((i + 0.5) / len(films), film) for films in by_class for i, film in enumerate(films)]
    return [film for _, film in sorted(places)]


def _draw(height: int) -> pathlib.Path:
    import cv2

    from keras_cxr.data.phantom.dataset import write_phantom

    folder = pathlib.Path(tempfile.mkdtemp(prefix="keras-cxr-bench-"))
    write_phantom(folder / "phantom", patients=100, size=height)
    for film in (folder / "phantom" / "known_images").glob("*/*.png"):
        target = folder / "films" / film.parent.name / f"{film.stem}.jpeg"
        target.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(target), cv2.imread(str(film), cv2.IMREAD_GRAYSCALE), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return folder / "films"


def link(films: list[pathlib.Path], count: int, folder: pathlib.Path) -> pathlib.Path:
    """``count`` links to ``films``, over and over again, in a folder a class below ``folder``, which is returned."""
    for name in {film.parent.name for film in films}:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number, film in zip(range(count), itertools.cycle(films), strict=False):
        again = f"{number // len(films)}_" if number >= len(films) else ""
        os.symlink(film.resolve(), folder / film.parent.name / f"{again}{film.name}")
    return folder

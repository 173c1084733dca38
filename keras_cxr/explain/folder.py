"""Saved model and films to overlay pictures, one a film, with an index page for a folder."""

import concurrent.futures
import dataclasses
import functools
import itertools
import os
import pathlib
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from keras_cxr.data.film_paths import PictureNames, film_paths
from keras_cxr.data.films import Film, read_films
from keras_cxr.data.images import JPEG_SUFFIXES
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError
from keras_cxr.explain.explainer import Explainer, Explanation
from keras_cxr.explain.pictures import Pictures
from keras_cxr.explain.request import Request
from keras_cxr.files import write_csv
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.report.index_page import write_index

TABLE = "maps.csv"


@dataclasses.dataclass
class Explained:
    """What was written.

    Attributes:
        title, layer: The method, and the layers that it shows or None.
        pictures: The overlays.
        rows: One an overlay, the columns of ``maps.csv``.
        empty: Films without positive evidence.
        failures: (film, reason) of those that could not be read.
        index: The index page; None for a single film.
    """

    title: str
    layer: str | None
    pictures: list[pathlib.Path] = dataclasses.field(default_factory=list)
    rows: list[dict] = dataclasses.field(default_factory=list)
    empty: int = 0
    failures: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    index: pathlib.Path | None = None


@dataclasses.dataclass(frozen=True)
class Seen:
    """One film and its map.

    Attributes:
        film: The film on its canvas.
        label: What the model says of it.
        index: The class that the map is for.
        canvas: (size, size) float32 in [0, 1], the map on the canvas.
        heatmap: (height, width) float32, the map at the film's own size.
    """

    film: Film
    label: str
    index: int
    canvas: np.ndarray
    heatmap: np.ndarray


def explain_films(
    model: SavedModel,
    images: str | os.PathLike,
    output: str | os.PathLike,
    request: Request | None = None,
    advance: Callable[[int], None] | None = None,
    lung_masks: str | os.PathLike | None = None,
    table: bool = False,
    explainer: Explainer | None = None,
    pictures: Pictures | None = None,
) -> Explained:
    """Write an overlay for every film of ``images``: JPEG of a JPEG film, of others PNG.

    Args:
        model: The saved model.
        images: A folder, read recursively, or one film.
        output: Folder for the pictures, mirroring the folders of ``images``.
        request: What to show; by default Grad-CAM of each film's own label.
        advance: Called with the number of films after each batch.
        lung_masks: Folder of mask files, for a model that sees lungs alone and carries no lung model.
        table: Also write ``maps.csv``: image, label, probability, map_for, empty, picture, map, error; failures too.
        explainer: Of ``model`` and ``request``, where it is made already.
        pictures: How the maps are written.

    Raises:
        UsageError: An unknown class or layer, or an output folder that holds the films themselves.
        CxrError: No films.
    """
    root, paths = film_paths(images, output)
    output = pathlib.Path(output)
    explainer = explainer or Explainer(model, request)
    result = picture_films(explainer, paths, root, output, pictures, masks_for(model, lung_masks), advance)
    if pathlib.Path(images).is_dir():
        write_page(result, model.card.name, output)
    if table:
        failures = [{"image": name, "error": reason} for name, reason in result.failures]
        write_csv(output / TABLE, pd.DataFrame(result.rows + failures))
    return result


# The maps' few matrices want no threads: those of BLAS would wait for more and keep the network's from the processor.
@threadpool_limits.wrap(limits=1, user_api="blas")
def picture_films(
    explainer: Explainer,
    paths: Iterable[str],
    root: pathlib.Path,
    output: pathlib.Path,
    pictures: Pictures | None = None,
    masks: LungMasks | None = None,
    advance: Callable[[int], None] | None = None,
    see: Callable[[Seen], None] | None = None,
) -> Explained:
    """Write an overlay for every film of ``paths``.

    Args:
        explainer: Model and method.
        paths: The films.
        root: The folder that they are named below.
        output, pictures, advance: See ``explain_films``.
        masks: The lungs, for a model that sees them alone.
        see: Called with each explained film, from several threads at a time.

    Raises:
        CxrError: None of the films can be read.
    """
    preprocessing = Preprocessing(**explainer.card.preprocessing)
    result, names = Explained(explainer.title, explainer.layer), PictureNames(root)
    pictures = pictures or Pictures()
    films = read_films(paths, preprocessing, masks, picture_side=pictures.side)
    writing: list[concurrent.futures.Future] = []
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        while chunk := list(itertools.islice(films, explainer.films_at_once)):
            good = [film for film in chunk if film.pixels is not None]
            result.failures += [(relative_name(film.path, root), film.error) for film in chunk if film.error]
            if good:
                found = explainer.explain(good)
                targets = [output / names.picture(film.path, _suffix(film.path)) for film in good]
                write = functools.partial(_write, pictures, found, preprocessing, see)
                # While the next films pass the network, but no more than these: memory does not grow.
                _wait(writing)
                writing = [pool.submit(write, *one) for one in zip(range(len(good)), good, targets, strict=True)]
                result.pictures += targets
                result.empty += int(found.empty.sum())
                result.rows += _rows(found, targets, root, output, pictures.arrays)
            if advance:
                advance(len(chunk))
        _wait(writing)
    if not result.pictures:
        name, reason = result.failures[0]
        raise CxrError(f"None of the {len(result.failures)} films can be read. First: {name}: {reason}")
    return result


def _wait(writing: list[concurrent.futures.Future]) -> None:
    for one in writing:
        one.result()


def _suffix(film: str) -> str:
    """Of a film's picture: lossless where the film is."""
    return ".jpg" if pathlib.Path(film).suffix.lower() in JPEG_SUFFIXES else ".png"


def write_page(result: Explained, model: str, output: pathlib.Path) -> None:
    """Write ``index.html`` of the pictures in ``output`` by the ``model`` of that name, and note it in ``result``."""
    heading = f"{result.title} of {model}" + (f", layer {result.layer}" if result.layer else "")
    result.index = output / "index.html"
    write_index(result.index, heading, _figures(result))


def _write(
    pictures: Pictures,
    found: Explanation,
    preprocessing: Preprocessing,
    see: Callable[[Seen], None] | None,
    place: int,
    film: Film,
    path: pathlib.Path,
) -> None:
    heatmap = pictures.write(found, preprocessing, see is not None, place, film, path)
    if see:
        label = found.predictions["label"].iloc[place]
        see(Seen(film, label, int(found.index[place]), found.maps[place], heatmap))


def _rows(found: Explanation, targets: list, root: pathlib.Path, output: pathlib.Path, arrays: bool) -> list[dict]:
    table = found.predictions
    parts = zip(table["image"], table["label"], table["probability"], found.shown, found.empty, targets, strict=True)
    return [
        {
            "image": relative_name(image, root),
            "label": label,
            "probability": probability,
            "map_for": shown,
            "empty": bool(empty),
            "picture": target.relative_to(output).as_posix(),
            "map": target.with_suffix(".npy").relative_to(output).as_posix() if arrays else "",
            "error": "",
        }
        for image, label, probability, shown, empty, target in parts
    ]


def _figures(result: Explained) -> list[tuple]:
    """The rows of the index page."""
    figures = [
        (
            row["picture"],
            row["image"],
            row["label"],
            row["probability"],
            f"{'no positive evidence' if row['empty'] else 'map'} for {row['map_for']}",
        )
        for row in result.rows
    ]
    return figures + [(None, name, "", None, reason) for name, reason in result.failures]

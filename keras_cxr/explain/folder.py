"""Saved model and films to overlay pictures, one a film, with an index page for a folder."""

import concurrent.futures
import dataclasses
import functools
import itertools
import os
import pathlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_cxr.data.film_paths import PictureNames, film_paths
from keras_cxr.data.films import Film, read_films
from keras_cxr.data.geometry import to_film
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError
from keras_cxr.explain.explainer import Explainer, Explanation
from keras_cxr.explain.request import Request
from keras_cxr.files import whole_file, write_csv
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.report.index_page import write_index
from keras_cxr.report.overlays import overlay_figure

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


def explain_films(
    model: SavedModel,
    images: str | os.PathLike,
    output: str | os.PathLike,
    request: Request | None = None,
    advance: Callable[[int], None] | None = None,
    lung_masks: str | os.PathLike | None = None,
    table: bool = False,
    arrays: bool = False,
) -> Explained:
    """Write an overlay for every film of ``images``.

    Args:
        model: The saved model.
        images: A folder, read recursively, or one film.
        output: Folder for the pictures, mirroring the folders of ``images``.
        request: What to show; by default Grad-CAM of each film's own label.
        advance: Called with the number of films after each batch.
        lung_masks: Folder of mask files, for a model that sees lungs alone and carries no lung model.
        table: Also write ``maps.csv``: image, label, probability, map_for, empty, picture, map, error; failures too.
        arrays: Also write each map as float32 ``.npy`` of the film's own size beside its picture, and what else the
            method has as ``.NAME.npy``.

    Raises:
        UsageError: An unknown class or layer, or an output folder that holds the films themselves.
        CxrError: No films.
    """
    root, paths = film_paths(images, output)
    output = pathlib.Path(output)
    explainer = Explainer(model, request)
    preprocessing = Preprocessing(**model.card.preprocessing)
    result, names = Explained(explainer.title, explainer.layer), PictureNames(root)
    films = read_films(paths, preprocessing, masks_for(model, lung_masks))
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        while chunk := list(itertools.islice(films, explainer.films_at_once)):
            good = [film for film in chunk if film.pixels is not None]
            result.failures += [(relative_name(film.path, root), film.error) for film in chunk if film.error]
            if good:
                found = explainer.explain(good)
                targets = [output / names.picture(film.path) for film in good]
                write = functools.partial(_write, found, preprocessing, arrays)
                list(pool.map(write, range(len(good)), good, targets))
                result.pictures += targets
                result.empty += int(found.empty.sum())
                result.rows += _rows(found, targets, root, output, arrays)
            if advance:
                advance(len(chunk))
    if not result.pictures:
        name, reason = result.failures[0]
        raise CxrError(f"None of the {len(result.failures)} films can be read. First: {name}: {reason}")
    if pathlib.Path(images).is_dir():
        result.index = output / "index.html"
        write_index(result.index, _heading(result, model), _figures(result))
    if table:
        failures = [{"image": name, "error": reason} for name, reason in result.failures]
        write_csv(output / TABLE, pd.DataFrame(result.rows + failures))
    return result


def _heading(result: Explained, model: SavedModel) -> str:
    return f"{result.title} of {model.card.name}" + (f", layer {result.layer}" if result.layer else "")


def _write(
    found: Explanation, preprocessing: Preprocessing, arrays: bool, place: int, film: Film, path: pathlib.Path
) -> None:
    pixels, _ = decode(read_bytes(film.path))
    heatmap = to_film(found.maps[place], film.width, film.height, preprocessing, film.region)
    row, shown = found.predictions.iloc[place], found.shown[place]
    caption = f"{pathlib.Path(film.path).name}: {row['label']} {row['probability']:.3f}"
    if shown != row["label"]:
        caption += f", map for {shown}"
    overlay_figure(pixels, heatmap, caption, bool(found.empty[place]), path, shown)
    if arrays:
        _save(path.with_suffix(".npy"), heatmap)
        for name, extra in found.extras.items():
            _save(path.with_suffix(f".{name}.npy"), extra[place])


def _save(path: pathlib.Path, array: np.ndarray) -> None:
    with whole_file(path) as temporary:
        np.save(temporary, array)


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

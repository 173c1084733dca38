"""Saved model and films to overlay pictures, one a film, with an index page for a folder."""

import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable

import numpy as np

from keras_cxr.data.film_paths import PictureNames, film_paths
from keras_cxr.data.films import Film, read_films
from keras_cxr.data.geometry import to_film
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError
from keras_cxr.explain.explainer import Explainer, Explanation
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.report.index_page import write_index
from keras_cxr.report.overlays import overlay_figure

BATCH = 16


@dataclasses.dataclass
class Explained:
    """What was written: the layer shown, pictures, films without positive evidence, failures, and the index page."""

    layer: str
    pictures: list[pathlib.Path] = dataclasses.field(default_factory=list)
    empty: int = 0
    failures: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    index: pathlib.Path | None = None


def explain_films(
    model: SavedModel,
    images: str | os.PathLike,
    output: str | os.PathLike,
    class_name: str | None = None,
    layer: str | None = None,
    advance: Callable[[int], None] | None = None,
    lung_masks: str | os.PathLike | None = None,
) -> Explained:
    """Write a Grad-CAM overlay for every film of ``images``.

    Args:
        model: The saved model.
        images: A folder, read recursively, or one film.
        output: Folder for the pictures, mirroring the folders of ``images``.
        class_name: The class to explain; by default each film's own label.
        layer: The layer to show; by default the last one with a spatial map.
        advance: Called with the number of films after each batch.
        lung_masks: Folder of mask files, for a model that sees lungs alone and carries no lung model.

    Raises:
        UsageError: An unknown class or layer, or an output folder that holds the films themselves.
        CxrError: No films.
    """
    root, paths = film_paths(images, output)
    output = pathlib.Path(output)
    explainer = Explainer(model, class_name, layer)
    preprocessing = Preprocessing(**model.card.preprocessing)
    result, rows, names = Explained(explainer.method.layer), [], PictureNames(root)
    films = read_films(paths, preprocessing, masks_for(model, lung_masks))
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        while chunk := list(itertools.islice(films, BATCH)):
            good = [film for film in chunk if film.pixels is not None]
            result.failures += [(relative_name(film.path, root), film.error) for film in chunk if film.error]
            if good:
                found = explainer.explain(good)
                targets = [output / names.picture(film.path) for film in good]
                jobs = [found.predictions.itertuples(), good, found.maps, found.empty, found.shown, targets]
                list(pool.map(lambda job: _draw(*job, preprocessing), zip(*jobs, strict=True)))
                result.pictures += targets
                result.empty += int(found.empty.sum())
                rows += _index_rows(found, targets, root, output)
            if advance:
                advance(len(chunk))
    if rows and pathlib.Path(images).is_dir():
        rows += [(None, name, "", None, reason) for name, reason in result.failures]
        result.index = output / "index.html"
        write_index(result.index, f"Grad-CAM of {model.card.name}, layer {result.layer}", rows)
    if not result.pictures:
        name, reason = result.failures[0]
        raise CxrError(f"None of the {len(result.failures)} films can be read. First: {name}: {reason}")
    return result


def _draw(row, film: Film, canvas_map: np.ndarray, empty: bool, shown: str, path: pathlib.Path, preprocessing) -> None:
    pixels, _ = decode(read_bytes(film.path))
    heatmap = to_film(canvas_map, film.width, film.height, preprocessing, film.region)
    caption = f"{pathlib.Path(film.path).name}: {row.label} {row.probability:.3f}"
    if shown != row.label:
        caption += f", map for {shown}"
    overlay_figure(pixels, heatmap, caption, bool(empty), path, shown)


def _index_rows(found: Explanation, targets: list, root: pathlib.Path, output: pathlib.Path) -> list[tuple]:
    table = found.predictions
    notes = [
        f"no positive evidence for {name}" if none else f"map for {name}"
        for none, name in zip(found.empty, found.shown, strict=True)
    ]
    pictures = [target.relative_to(output).as_posix() for target in targets]
    images = [relative_name(path, root) for path in table["image"]]
    return list(zip(pictures, images, table["label"], table["probability"], notes, strict=True))

"""A folder of films to a table of anomaly scores, streamed: one row a file, whatever happens."""

import csv
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable, Iterator

import numpy as np

from keras_cxr.anomaly.methods import Detector, find
from keras_cxr.data.film_paths import PictureNames, film_paths
from keras_cxr.data.films import Film, read_films
from keras_cxr.data.geometry import to_film
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.files import whole_file
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.report.overlays import overlay_figure

COLUMNS = ("image", "anomaly", "score", "threshold", "error")
ANOMALOUS, NORMAL = "anomalous", "normal"
BATCH = 32


@dataclasses.dataclass
class Summary:
    """What a run came to: files in all, the anomalous ones, and the failed ones with their reasons."""

    files: int = 0
    anomalous: int = 0
    failures: list[tuple[str, str]] = dataclasses.field(default_factory=list)


def load_detector(model: SavedModel) -> Detector:
    """The detector of a saved model whose card is an ``AnomalyCard``.

    Raises:
        CxrError: A file of its folder is missing or damaged.
        UsageError: Its method is not known here.
    """
    return find(model.card.method).load(model)


def score_films(
    model: SavedModel,
    images: str | os.PathLike,
    output: str | os.PathLike,
    maps: str | os.PathLike | None = None,
    detector: Detector | None = None,
    advance: Callable[[int], None] | None = None,
) -> Summary:
    """Write a CSV file with a row a film: ``image, anomaly, score, threshold, error``.

    ``anomaly`` is 'anomalous' where the score is above the threshold, else 'normal'; '' with the reason in ``error``
    for a film that cannot be read. The file appears when all rows are written.

    Args:
        model: From ``card.open_anomaly_model``.
        images: A folder (recursive, natural order) or one film.
        output: The CSV file.
        maps: Folder for one picture a film, the error laid over it; its folders mirror those of ``images``.
        detector: Of ``load_detector``; None: it is loaded.
        advance: Called with the number of films after each batch.

    Raises:
        CxrError: No films, or an output that cannot be written.
        UsageError: Maps of a method that has none.
    """
    root, paths = film_paths(images, maps)
    output = pathlib.Path(output)
    if output.is_dir():
        raise CxrError(f"The output '{output}' is a folder; expected a CSV file, such as {output / 'anomalies.csv'}.")
    detector = detector or load_detector(model)
    if maps is not None and not hasattr(detector, "maps"):
        raise UsageError(f"--maps needs a model of the method autoencoder. Received: one of {model.card.method}.")
    names, summary = PictureNames(root), Summary()
    with (
        whole_file(output) as temporary,
        # A name in the file system may hold bytes that are no UTF-8; Python carries these as surrogates.
        open(temporary, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream,
    ):
        table = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
        table.writeheader()
        for film, score, heatmap in _scored(detector, paths, maps is not None):
            row = {"image": relative_name(film.path, root)} | _verdict(film, score, model.card.threshold)
            if heatmap is not None:
                _draw(film, heatmap, detector, row, pathlib.Path(maps) / names.picture(film.path))
            table.writerow(row)
            _count(summary, row)
            if advance:
                advance(1)
    return summary


def _verdict(film: Film, score: float, threshold: float) -> dict:
    if film.pixels is None:
        return {"error": film.error}
    return {"anomaly": ANOMALOUS if score > threshold else NORMAL, "score": score, "threshold": threshold, "error": ""}


def _count(summary: Summary, row: dict) -> None:
    summary.files += 1
    summary.anomalous += row.get("anomaly") == ANOMALOUS
    if row["error"]:
        summary.failures.append((row["image"], row["error"]))


def _scored(
    detector: Detector, paths: Iterator[str], with_maps: bool
) -> Iterator[tuple[Film, float, np.ndarray | None]]:
    """Each film with its score and map, a batch at a time; NaN and None for one that cannot be read."""
    preprocessing = detector.preprocessing
    films = read_films(paths, preprocessing, detector.masks)
    while batch := list(itertools.islice(films, BATCH)):
        good = [film for film in batch if film.pixels is not None]
        found = iter(())
        if good:
            pixels = np.stack([film.pixels for film in good])[..., np.newaxis]
            places = [film.place(preprocessing) for film in good]
            maps = detector.maps(pixels) if with_maps else itertools.repeat(None)
            found = zip(detector.scores(pixels, places).tolist(), maps, strict=False)
        for film in batch:
            yield (film, np.nan, None) if film.pixels is None else (film, *next(found))


def _draw(film: Film, heatmap: np.ndarray, detector: Detector, row: dict, picture: pathlib.Path) -> None:
    gray, _ = decode(read_bytes(film.path))
    on_film = to_film(heatmap, gray.shape[1], gray.shape[0], detector.preprocessing, film.region)
    caption = f"{row['anomaly']}: reconstruction error {row['score']:.3g}, threshold {row['threshold']:.3g}"
    overlay_figure(gray, on_film, caption, not on_film.any(), picture)

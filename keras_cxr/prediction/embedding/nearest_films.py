"""The training films nearest to those that a report shows: what the network has seen that looks, to it, like these."""

import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.record import read_splits
from keras_cxr.evaluation.neighbours import Nearest
from keras_cxr.files import read_texts
from keras_cxr.models.saved_model import SPLITS, SavedModel
from keras_cxr.prediction.film_gallery import film_gallery
from keras_cxr.prediction.label_films import BATCH
from keras_cxr.prediction.serving.runtimes import FeatureRun
from keras_cxr.report.contents import ModelResults, Trained

NEAREST = "nearest.csv"
COLUMNS = ["dataset", "image", "rank", "neighbour", "neighbour_label", "distance", "relation"]
# Training films whose features are looked for in the store before all are computed.
FIRST = 8
SAME_FILE, SAME_PATIENT, SAME_NAME = "same file", "same patient", "patient of the same name"


def nearest_films(
    model: SavedModel,
    films: dict[str, pd.DataFrame],
    predictions: dict[str, pd.DataFrame],
    k: int,
    find_features: Callable[[Iterator[Film]], FeatureRun],
    masks: LungMasks | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[pd.DataFrame, list[str]]:
    """Find the ``k`` training films nearest to each film of the report's gallery.

    Training films are the rows of ``splits.csv`` with the split 'train' whose files still lie below the folder that
    the card names, with the same content. For the distance see ``evaluation.neighbours.nearest``.

    Args:
        model: The saved model.
        films: By name of the data set, the rows of the dataset table that were scored.
        predictions: By name, what the model says of these rows, with ``truth`` and ``patient``.
        k: Training films to each.
        find_features: Gives films to vectors and logits, and is shown a few training films; called where there are
            some.
        masks: Of a model that sees lungs alone.
        advance: Called with the number of films after each batch.

    Returns:
        A table of ``COLUMNS``, empty where no training film is at hand, and notes for the user. ``neighbour`` is the
        name in ``splits.csv``; ``relation`` is '' or how the two belong together: 'same file', 'same patient' where
        the training knows the film's content, else 'patient of the same name'.
    """
    table = pd.DataFrame(columns=COLUMNS)
    splits, reason = _splits(model)
    if reason:
        return table, [f"No nearest training films: {reason}."]
    training = splits[splits["split"] == "train"].drop_duplicates("sha256")
    there = training[training["path"].map(os.path.isfile)]
    preprocessing = Preprocessing(**model.card.preprocessing)
    if len(there):
        features = find_features(read_films(there["path"][:FIRST], preprocessing, masks))
        vectors, contents = _embedded(there["path"], features, preprocessing, masks, advance)
        unchanged = contents == there["sha256"].to_numpy()
        there, vectors = there[unchanged], vectors[unchanged]
    if not len(there):
        return table, [f"No nearest training films: none is at hand{_where(model)}."]
    shown = _gallery(model, films, predictions)
    queries, contents = _embedded(shown["path"], features, preprocessing, masks, advance)
    patients = splits.drop_duplicates("sha256").set_index("sha256")["patient"]
    rows, nearest = [], Nearest(vectors)
    for film, query in zip(shown.assign(sha256=contents).itertuples(), queries, strict=True):
        found, distances = nearest(query, k) if film.sha256 else ([], [])
        for rank, (row, distance) in enumerate(zip(found, distances, strict=True), 1):
            neighbour = there.iloc[row]
            relation = _relation(film, neighbour, patients)
            rows.append((film.dataset, film.image, rank, neighbour["image"], neighbour["label"], distance, relation))
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table, _notes(model, len(training) - len(there), len(training), table)


def read_nearest(folder: pathlib.Path) -> pd.DataFrame:
    """``nearest.csv`` of an evaluation's folder, every value as text; empty where there is none."""
    file = folder / NEAREST
    return read_texts(file) if file.is_file() else pd.DataFrame(columns=COLUMNS)


def neighbour_path(model: SavedModel, neighbour: str) -> pathlib.Path:
    """The file of a training film by its name in ``splits.csv``."""
    return pathlib.Path(model.card.data.get("folder", ""), neighbour)


def _splits(model: SavedModel) -> tuple[pd.DataFrame | None, str]:
    """``splits.csv`` with ``path``, or the reason why training films cannot be looked for."""
    file, folder = model.folder / SPLITS, model.card.data.get("folder", "")
    if "members" in model.card.training:
        return None, f"{model.card.name} is an ensemble, whose networks each have features of their own"
    if not file.is_file():
        return None, f"{model.card.name} has no {SPLITS} that would name them"
    if not os.path.isdir(folder):
        return None, f"the folder that {model.card.name} was trained on is gone{_where(model)}"
    splits = read_splits(file)
    return splits.assign(path=[str(neighbour_path(model, image)) for image in splits["image"]]), ""


def _embedded(
    paths: Iterable[str],
    features: FeatureRun,
    preprocessing: Preprocessing,
    masks: LungMasks | None,
    advance: Callable[[int], None] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (n, width) of files, NaN where one cannot be read, and their SHA-256 (n,), '' there."""
    parts, contents = [], []
    films = read_films(paths, preprocessing, masks)
    while chunk := list(itertools.islice(films, BATCH)):
        if good := [film.pixels for film in chunk if film.pixels is not None]:
            parts.append(features(np.stack(good)[..., np.newaxis])[0])
        contents += [film.sha256 for film in chunk]
        if advance:
            advance(len(chunk))
    contents, found = np.array(contents, object), np.concatenate(parts or [np.empty((0, 1), np.float32)])
    vectors = np.full((len(contents), found.shape[1]), np.nan, np.float32)
    vectors[contents != ""] = found
    return vectors, contents


def _gallery(model: SavedModel, films: dict[str, pd.DataFrame], predictions: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """``dataset, image, patient, path`` of the films that the report shows, each once."""
    card, parts = model.card, []
    thresholds = ModelResults(card.name, Trained(vars(card))).thresholds
    for name, part in predictions.items():
        paths = dict(zip(part["image"], films[name]["path"], strict=True))
        for chosen in film_gallery(part, card.classes, card.task, thresholds).values():
            paths_of = chosen["image"].map(paths)
            parts.append(chosen[["image", "patient"]].assign(dataset=name, path=paths_of))
    return pd.concat(parts, ignore_index=True).drop_duplicates(["dataset", "image"])


def _relation(film, neighbour: pd.Series, patients: pd.Series) -> str:
    if film.sha256 == neighbour["sha256"]:
        return SAME_FILE
    if not neighbour["patient"]:
        return ""
    if neighbour["patient"] == patients.get(film.sha256):
        return SAME_PATIENT
    return SAME_NAME if neighbour["patient"] == film.patient else ""


def _notes(model: SavedModel, missing: int, training: int, table: pd.DataFrame) -> list[str]:
    notes = []
    if missing:
        notes.append(
            f"Nearest training films: {missing:,} of the {training:,} of {model.card.name} are not at hand, cannot be "
            f"read or have changed{_where(model)}; the nearest of the others are shown."
        )
    related = table[table["relation"] != ""].groupby("relation")["image"].nunique()
    return notes + [
        f"Nearest training films: {count} films of the report have one marked '{relation}'; see {NEAREST}."
        for relation, count in related.items()
    ]


def _where(model: SavedModel) -> str:
    return f" (looked in '{model.card.data.get('folder', '')}')"

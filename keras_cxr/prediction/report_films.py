"""The films that a report shows: thumbnails, what the model said of them, and the training films nearest to them."""

import dataclasses
import os
import pathlib
from collections.abc import Callable

import pandas as pd

from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.embedding.nearest_films import neighbour_path
from keras_cxr.prediction.film_gallery import film_gallery
from keras_cxr.prediction.table import UNFAMILIARITY
from keras_cxr.report.blocks import Film, Neighbour
from keras_cxr.report.contents import ModelResults

# A model and film files → of each film (what it shows, data URI), none of a film that cannot be read.
Pictures = Callable[[SavedModel | None, list[pathlib.Path]], list[list[tuple[str, str]]]]


def no_pictures(model: SavedModel | None, paths: list[pathlib.Path]) -> list[list[tuple[str, str]]]:
    """No picture of any film."""
    return [[] for _ in paths]


def show_films(
    results: ModelResults,
    predictions: pd.DataFrame,
    nearest: pd.DataFrame,
    data: dict[str, str],
    model: SavedModel | None,
    pictures: Pictures,
    each: int,
) -> None:
    """Fill ``shown`` of every data set; all films of a model are pictured in one go.

    Args:
        results: Of the model.
        predictions: Of all its data sets.
        nearest: See ``nearest_films.read_nearest``.
        data: Data set → the folder that its films' names are below.
        model: The saved model, where it is known.
        pictures: Makes the thumbnails.
        each: Films of a kind.
    """
    chosen = [
        film_gallery(
            predictions[predictions["dataset"] == scored.name],
            scored.classes,
            MULTI_LABEL if scored.multi_label else ONE_CLASS,
            results.thresholds,
            each,
        )
        for scored in results.scored
    ]
    paths = [
        pathlib.Path(data[scored.name], image)
        for scored, lists in zip(results.scored, chosen, strict=True)
        for films in lists.values()
        for image in films["image"]
        if scored.name in data
    ]
    made = dict(zip(paths, pictures(model, paths), strict=True)) if paths else {}
    beside = _neighbours(nearest, model, pictures)
    for place, (scored, lists) in enumerate(zip(results.scored, chosen, strict=True)):
        shown = []
        for caption, films in lists.items():
            paths = [pathlib.Path(data.get(scored.name, ""), image) for image in films["image"]]
            rows = zip(films.to_dict("records"), paths, strict=True)
            found = [_film(row, made.get(path, []), beside.get((scored.name, row["image"]), [])) for row, path in rows]
            shown.append((caption, found))
        results.scored[place] = dataclasses.replace(scored, shown=shown)


def _neighbours(
    nearest: pd.DataFrame, model: SavedModel | None, pictures: Pictures
) -> dict[tuple[str, str], list[Neighbour]]:
    """Data set and image → its nearest training films, the nearest first."""
    names = list(dict.fromkeys(nearest["neighbour"])) if model else []
    found = pictures(None, [neighbour_path(model, name) for name in names]) if names else []
    made = {name: shown[0][1] for name, shown in zip(names, found, strict=True) if shown}
    beside: dict[tuple[str, str], list[Neighbour]] = {}
    for row in nearest.itertuples():
        picture, distance = made.get(row.neighbour, ""), f"distance {float(row.distance):.2f}"
        one = Neighbour(picture, row.neighbour_label, distance, row.relation, _readable(row.neighbour))
        beside.setdefault((row.dataset, row.image), []).append(one)
    return beside


def _film(row: dict, pictures: list[tuple[str, str]], nearest: list[Neighbour]) -> Film:
    called = f"called {row['label']}" if row["label"] != row["truth"] else "rightly called"
    sure = f" ({row['probability']:.3f})" if pd.notna(row.get("probability")) else ""
    strange = row.get(UNFAMILIARITY)
    unlike = f", unfamiliarity {strange:.2f}" if strange is not None and pd.notna(strange) else ""
    return Film(pictures, f"{row['truth']}, {called}{sure}{unlike}", _readable(row["image"]), nearest)


def _readable(name: str) -> str:
    """A file name that is no Unicode cannot stand in a page as it is."""
    return os.fsencode(name).decode("utf-8", "replace")

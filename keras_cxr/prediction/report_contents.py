"""The folder of an evaluation, or of a saved model, to the contents of its report."""

import dataclasses
import os
import pathlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_cxr.evaluation.curves import net_benefit, reliability, threshold_points
from keras_cxr.evaluation.film_choice import least_certain, most_unlike, worst_errors
from keras_cxr.evaluation.films import scored_films
from keras_cxr.evaluation.reports import confusion, finding_confusion, precision_recall_points, roc_points
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.models.saved_model import CARD, SavedModel, open_model
from keras_cxr.prediction.account import read_account
from keras_cxr.prediction.results_folder import parts, read_notes, read_predictions, read_table
from keras_cxr.prediction.table import UNFAMILIARITY
from keras_cxr.prediction.training_record import count_films, training_record
from keras_cxr.report.blocks import Film
from keras_cxr.report.contents import Contents, ModelResults, Scored

TABLES = (
    "scores",
    "subgroups",
    "confusions",
    "not_used",
    "shift",
    "remedies",
    "recalibration",
    "probe",
    "map_scores",
)
# A model and film files → of each film (what it shows, data URI), none of a film that cannot be read.
Pictures = Callable[[SavedModel | None, list[pathlib.Path]], list[list[tuple[str, str]]]]


def no_pictures(model: SavedModel | None, paths: list[pathlib.Path]) -> list[list[tuple[str, str]]]:
    """No picture of any film."""
    return [[] for _ in paths]


def training_contents(model: SavedModel) -> Contents:
    """The report of a training."""
    results = ModelResults(model.card.name, training_record(model))
    return Contents(f"Training of {model.card.name}", [results])


def evaluation_contents(
    folder: pathlib.Path,
    models: list[SavedModel] | None = None,
    pictures: Pictures = no_pictures,
    each: int = 6,
) -> Contents:
    """The report of an evaluation, from the files of its folder.

    Args:
        folder: Of one model, with predictions.csv, or of several, with a folder of that kind for each.
        models: Saved models by whose cards' names results are known; those that ``evaluation.json`` names are found
            without. One alone is the model of an evaluation of one.
        pictures: Makes the thumbnails.
        each: Films of a kind to show; 0 for none.

    Raises:
        CxrError: The folder holds no evaluation, or a damaged one.
    """
    folders, account, matrix = parts(folder), read_account(folder), read_table(folder, "matrix")
    several = folders != [folder]
    given = {model.card.name: model for model in models or []}
    known = _account_models(account) | given
    results = []
    for part in folders:
        tables = {name: table for name in TABLES if len(table := read_table(part, name))}
        named = str(tables["scores"]["model"].iloc[0]) if "scores" in tables else part.name
        alone = next(iter(given.values())) if len(given) == 1 and not several else None
        model = alone or known.get(named)
        # Of several models the notes of all are in the folder above.
        notes = [] if several else read_notes(part)
        trained = training_record(model) if model else None
        own = ModelResults(named, trained, [], tables, notes)
        predictions = read_predictions(part)
        own.scored.extend(_data_sets(predictions, own, model, account.get("data", {}), matrix))
        if each:
            _show_films(own, predictions, account.get("data", {}), model, pictures, each)
        results.append(own)
    sets = list(dict.fromkeys(scored.name for own in results for scored in own.scored))
    title = f"Evaluation of {', '.join(own.name for own in results)} on {', '.join(sets)}"
    return Contents(title, results, matrix, read_notes(folder) if several else [], account)


def _account_models(account: dict) -> dict[str, SavedModel]:
    folders = {name: pathlib.Path(folder) for name, folder in account.get("models", {}).items()}
    return {name: open_model(folder) for name, folder in folders.items() if (folder / CARD).is_file()}


def _data_sets(
    predictions: pd.DataFrame,
    results: ModelResults,
    model: SavedModel | None,
    data: dict[str, str],
    matrix: pd.DataFrame,
) -> list[Scored]:
    columns = [column.removeprefix("p_") for column in predictions if column.startswith("p_")]
    classes = model.card.classes if model and set(model.card.classes) <= set(columns) else columns
    seen = {}
    if len(matrix):
        own = matrix[matrix["model"].astype(str) == results.name]
        seen = {str(row.dataset): str(row.seen) == "True" for row in own.itertuples()}
    found = []
    for name, films in predictions.groupby("dataset", sort=False):
        at_home = _at_home(model, pathlib.Path(data[name])) if model and name in data else None
        results.notes.extend(_failures(name, films))
        found.append(_scored(name, films, classes, _task(films, classes, model), seen.get(name, at_home)))
    return found


def _scored(name: str, predictions: pd.DataFrame, classes: list[str], task: str, own: bool | None) -> Scored:
    good = predictions[predictions["error"] == ""]
    films = count_films(good, "truth", classes)
    if failed := len(predictions) - len(good):
        films.loc[len(films)] = ["could not be read", failed, np.nan]
    return Scored(
        name,
        classes,
        task == MULTI_LABEL,
        len(scored_films(predictions, classes, task)),
        films,
        finding_confusion(predictions, classes) if task == MULTI_LABEL else confusion(predictions, classes),
        roc_points(predictions, classes, task),
        precision_recall_points(predictions, classes, task),
        reliability(predictions, classes, task),
        threshold_points(predictions, classes, task),
        net_benefit(predictions, classes, task),
        own=own,
    )


def _at_home(model: SavedModel, folder: pathlib.Path) -> bool:
    """Whether the model was trained on the films of this folder, or of one above or below it."""
    home = pathlib.Path(model.card.data.get("folder", "")).resolve()
    return home == folder or home in folder.parents or folder in home.parents


def _task(predictions: pd.DataFrame, classes: list[str], model: SavedModel | None) -> str:
    """As the card says; without one, multi-label where a truth or label is none of the classes."""
    if model is not None:
        return model.card.task
    names = set(predictions["truth"]) | set(predictions["label"])
    return ONE_CLASS if names <= {*classes, ""} else MULTI_LABEL


def _failures(name: str, predictions: pd.DataFrame) -> list[str]:
    reasons = predictions["error"][predictions["error"] != ""].value_counts()
    lines = [f"Not scored, films of {name}: {count} ({reason})" for reason, count in reasons.head(5).items()]
    rest = int(reasons.iloc[5:].sum())
    return [*lines, f"Not scored for other reasons, films of {name}: {rest}"] if rest else lines


def _show_films(
    results: ModelResults,
    predictions: pd.DataFrame,
    data: dict[str, str],
    model: SavedModel | None,
    pictures: Pictures,
    each: int,
) -> None:
    """Fill ``shown`` of every data set; all films of a model are pictured in one go."""
    chosen = []
    for scored in results.scored:
        settings = (
            predictions[predictions["dataset"] == scored.name],
            scored.classes,
            MULTI_LABEL if scored.multi_label else ONE_CLASS,
        )
        uncertain = least_certain(*settings, thresholds=results.thresholds, most=each)
        chosen.append(
            {
                "the errors that the model was surest of": worst_errors(*settings, each=each),
                "the films that it was least certain of": uncertain,
                "the films most unlike those of its training": most_unlike(*settings, most=each),
            }
        )
    paths = [
        pathlib.Path(data[scored.name], image)
        for scored, lists in zip(results.scored, chosen, strict=True)
        for films in lists.values()
        for image in films["image"]
        if scored.name in data
    ]
    made = dict(zip(paths, pictures(model, paths), strict=True)) if paths else {}
    for place, (scored, lists) in enumerate(zip(results.scored, chosen, strict=True)):
        folder = data.get(scored.name, "")
        shown = [
            (
                caption,
                [_film(row, made.get(pathlib.Path(folder, row["image"]), [])) for row in films.to_dict("records")],
            )
            for caption, films in lists.items()
        ]
        results.scored[place] = dataclasses.replace(scored, shown=shown)


def _film(row: dict, pictures: list[tuple[str, str]]) -> Film:
    called = f"called {row['label']}" if row["label"] != row["truth"] else "rightly called"
    sure = f" ({row['probability']:.3f})" if pd.notna(row.get("probability")) else ""
    strange = row.get(UNFAMILIARITY)
    unlike = f", unfamiliarity {strange:.2f}" if strange is not None and pd.notna(strange) else ""
    # A file name that is no Unicode cannot stand in a page as it is.
    image = os.fsencode(row["image"]).decode("utf-8", "replace")
    return Film(pictures, f"{row['truth']}, {called}{sure}{unlike}", image)

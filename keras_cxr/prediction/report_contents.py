"""The folder of an evaluation, or of a saved model, to the contents of its report."""

import pathlib

import numpy as np
import pandas as pd

from keras_cxr.evaluation.curves import net_benefit, reliability, threshold_points
from keras_cxr.evaluation.films import scored_films
from keras_cxr.evaluation.reports import confusion, finding_confusion, precision_recall_points, roc_points
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.models.saved_model import CARD, SavedModel, open_model
from keras_cxr.prediction.account import read_account
from keras_cxr.prediction.embedding.nearest_films import read_nearest
from keras_cxr.prediction.film_gallery import EACH
from keras_cxr.prediction.report_films import Pictures, no_pictures, show_films
from keras_cxr.prediction.results_folder import parts, read_notes, read_predictions, read_table
from keras_cxr.prediction.training_record import count_films, training_record
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


def training_contents(model: SavedModel) -> Contents:
    """The report of a training."""
    results = ModelResults(model.card.name, training_record(model))
    return Contents(f"Training of {model.card.name}", [results])


def evaluation_contents(
    folder: pathlib.Path,
    models: list[SavedModel] | None = None,
    pictures: Pictures = no_pictures,
    each: int = EACH,
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
            show_films(own, predictions, read_nearest(part), account.get("data", {}), model, pictures, each)
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

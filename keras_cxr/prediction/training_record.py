"""The record of a training as a report shows it."""

import dataclasses
import pathlib

import pandas as pd

from keras_cxr.data.record import read_splits
from keras_cxr.evaluation.findings import SEPARATOR, findings_in
from keras_cxr.models.saved_model import HISTORY, RECIPE, SPLITS, SavedModel
from keras_cxr.report.contents import Trained


def training_record(model: SavedModel) -> Trained:
    """Read the files of a saved model's folder; those that are not there are left out."""
    recipe, history, splits = (model.folder / name for name in (RECIPE, HISTORY, SPLITS))
    return Trained(
        dataclasses.asdict(model.card),
        recipe.read_text(encoding="utf-8") if recipe.is_file() else "",
        pd.read_csv(history) if history.is_file() else None,
        _films(splits, model.card.classes) if splits.is_file() else None,
    )


def count_films(table: pd.DataFrame, truth: str, classes: list[str]) -> pd.DataFrame:
    """Films and patients of each class.

    Args:
        table: With ``image`` and the column ``truth``; ``patient`` where known. A film of unknown patient is one of
            its own.
        truth: The column of classes; one that lists several findings counts for each.
        classes: In the order of the rows.

    Returns:
        ``class, films, patients``.
    """
    patient = table["patient"] if "patient" in table else pd.Series("", index=table.index)
    patient = patient.where(patient != "", table["image"])
    # A film without any finding counts under its text as a whole: 'No Finding' is a row where it is no class.
    names = [
        findings_in(text) or [text] if SEPARATOR in text or text not in classes else [text] for text in table[truth]
    ]
    long = pd.DataFrame({"class": names, "patient": patient.to_numpy()}).explode("class")
    others = sorted(set(long["class"]) - set(classes))
    rows = [(name, own := long[long["class"] == name], len(own)) for name in [*classes, *others]]
    return pd.DataFrame(
        [(name, films, own["patient"].nunique()) for name, own, films in rows], columns=["class", "films", "patients"]
    )


def _films(file: pathlib.Path, classes: list[str]) -> pd.DataFrame:
    splits = read_splits(file)
    parts = [
        count_films(own, "label", classes).assign(split=split) for split, own in splits.groupby("split", sort=False)
    ]
    return (
        pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["class", "films", "patients", "split"])
    )

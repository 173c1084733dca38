"""The files of an evaluation's folder, read back."""

import pathlib

import pandas as pd

from keras_cxr.errors import CxrError
from keras_cxr.files import read_texts
from keras_cxr.prediction.notes import NOTES
from keras_cxr.prediction.table import UNFAMILIARITY

PREDICTIONS = "predictions.csv"
NEEDED = ("dataset", "image", "truth", "label", "error")
# A column of empty texts would be read as one of missing numbers.
_TEXTS = ("flag", "note", "meaning", "verdict")


def parts(folder: pathlib.Path) -> list[pathlib.Path]:
    """The folders that hold one model's results each: ``folder`` itself, or of several models those below it.

    Raises:
        CxrError: It holds no evaluation.
    """
    if (folder / PREDICTIONS).is_file():
        return [folder]
    below = sorted(file.parent for file in folder.glob(f"*/{PREDICTIONS}"))
    scores = read_table(folder, "scores")
    if len(scores):
        # In the order of the tables; what an earlier evaluation left behind is no part of this one.
        names = list(scores["model"].astype(str).unique())
        below = sorted((one for one in below if one.name in names), key=lambda one: names.index(one.name))
    if not below:
        kind = f"has no {PREDICTIONS}" if folder.is_dir() else "does not exist"
        raise CxrError(f"The folder '{folder}' {kind}. Give one that 'keras-cxr evaluate' or 'train' has written.")
    return below


def read_predictions(folder: pathlib.Path) -> pd.DataFrame:
    """The predictions table: texts as they are, '' where empty; probabilities and unfamiliarity as numbers.

    Raises:
        CxrError: It lacks columns.
    """
    file = folder / PREDICTIONS
    table = read_texts(file)
    missing = [name for name in NEEDED if name not in table]
    if missing:
        raise CxrError(f"'{file}' lacks the columns {', '.join(missing)}. Make it with 'keras-cxr evaluate'.")
    numbers = [name for name in table if name.startswith("p_") or name in ("probability", UNFAMILIARITY)]
    return table.assign(**table[numbers].apply(pd.to_numeric, errors="coerce"))


def read_table(folder: pathlib.Path, name: str) -> pd.DataFrame:
    """The table ``name``.csv; empty where there is none."""
    file = folder / f"{name}.csv"
    if not file.is_file():
        return pd.DataFrame()
    try:
        table = pd.read_csv(file, encoding_errors="surrogateescape", keep_default_na=False, na_values=[""])
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    texts = [column for column in _TEXTS if column in table]
    return table.assign(**{column: table[column].astype(object).where(table[column].notna(), "") for column in texts})


def read_notes(folder: pathlib.Path) -> list[str]:
    """The lines of notes.txt."""
    file = folder / NOTES
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []

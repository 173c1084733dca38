"""Anomaly scores as a column of a predictions table that is there already."""

import os

import pandas as pd

from keras_cxr.errors import CxrError, one_line
from keras_cxr.files import read_texts, write_csv
from keras_cxr.prediction.foreign.match_rows import match_rows

COLUMN = "anomaly"


def read_rows(file: str | os.PathLike) -> pd.DataFrame:
    """A CSV file with a column ``image``, every value as the text that it is.

    Raises:
        CxrError: It is not there, cannot be read, or has no such column.
    """
    try:
        table = read_texts(file)
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or one_line(str(fault))
        raise CxrError(f"'{file}' cannot be read: {reason}. Make it with 'keras-cxr predict'.") from fault
    if "image" not in table:
        raise CxrError(f"'{file}' must have the column image. Received: {', '.join(table.columns)}.")
    return table


def write_into(file: str | os.PathLike, anomalies: str | os.PathLike) -> int:
    """Put scores into the column ``anomaly`` of a CSV file, before ``error``; all else stays as it is.

    Args:
        file: With a column ``image``; it is replaced, whole or not at all.
        anomalies: What ``score.score_films`` wrote; see ``match_rows`` for which row is which film's.

    Returns:
        The number of rows that got a score; the others are empty in that column.

    Raises:
        CxrError: As ``read_rows``.
    """
    table, scored = read_rows(file).drop(columns=COLUMN, errors="ignore"), read_rows(anomalies)
    rows = match_rows(list(table["image"]), list(scored["image"]))
    column = ["" if row < 0 else scored["score"].iloc[row] for row in rows]
    place = table.columns.get_loc("error") if "error" in table else len(table.columns)
    table.insert(place, COLUMN, column)
    write_csv(file, table)
    return sum(score != "" for score in column)

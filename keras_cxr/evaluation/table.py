"""The scores table: one row a metric of one model on one data set, with its 95 % interval."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from keras_cxr.errors import CxrError

SCORES_COLUMNS = ["dataset", "model", "metric", "value", "low", "high", "n"]


def scores_table(rows: Iterable[dict] | pd.DataFrame) -> pd.DataFrame:
    """Make a scores table from rows, or check one that was read from a file.

    Args:
        rows: Mappings, or a table, with every name of ``SCORES_COLUMNS``. ``value``, ``low`` and ``high`` are
            numbers or NaN (undefined); ``n`` is the count of films behind the value.

    Returns:
        The columns of ``SCORES_COLUMNS`` in that order: three of text, three of float64, one of int64.

    Raises:
        CxrError: A column is missing, or a number cannot be read as one.
    """
    table = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    if table.empty:
        table = pd.DataFrame(columns=SCORES_COLUMNS)
    missing = [name for name in SCORES_COLUMNS if name not in table]
    if missing:
        raise CxrError(
            f"A scores table must have the columns {', '.join(SCORES_COLUMNS)}. "
            f"Missing: {', '.join(missing)}. Make one with 'keras-cxr evaluate'."
        )
    table = table[SCORES_COLUMNS].reset_index(drop=True)
    text = {name: table[name].astype(object).where(table[name].notna(), "").map(str) for name in SCORES_COLUMNS[:3]}
    try:
        numbers = {name: table[name].astype("float64") for name in SCORES_COLUMNS[3:6]}
        return table.assign(**text, **numbers, n=table["n"].astype("int64"))
    except (TypeError, ValueError) as error:
        raise CxrError(
            f"'value', 'low', 'high' and 'n' of a scores table must be numbers. Received: {error}."
        ) from None


def score_records(scores: pd.DataFrame, *names: str) -> list[dict]:
    """Rows of a scores table for a card: the columns ``names``, ``value``, ``low``, ``high`` and ``n``.

    JSON has no NaN and no infinity: these become None.
    """
    numbers = scores[["value", "low", "high"]]
    finite = numbers.astype(object).where(np.isfinite(numbers), None)
    return scores[list(names)].join(finite).join(scores[["n"]].astype(object)).to_dict("records")

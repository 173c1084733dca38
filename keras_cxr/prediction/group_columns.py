"""The columns that scores are wanted by, found in the tables of the data sets before anything is computed."""

import pandas as pd

from keras_cxr.errors import unknown_name
from keras_cxr.evaluation.subgroups import groups_of

# What is no trait of a film, is the answer itself, or is a column of the predictions table.
NO_GROUPS = (
    *("path", "image", "label", "truth", "mask", "boxes", "spacing", "width", "height", "sha256", "region"),
    *("dataset", "probability", "score", "error"),
)


def group_columns(
    tables: dict[str, pd.DataFrame], wanted: tuple[str, ...]
) -> tuple[tuple[str, ...], dict[str, dict[str, pd.Series]], list[str]]:
    """Find the columns in each data set, in any case of letters.

    Args:
        tables: Data set → its table; see ``subgroups.groups_of`` for the groups that a column makes.
        wanted: Names of columns.

    Returns:
        The columns as the first table that has one writes it; data set → column → its values, one a film, without
        ``patient``, as every predictions table has it; and notes on data sets that lack one.

    Raises:
        UsageError: No data set has such a column, or it makes more groups than can be told apart.
    """
    known = {str(column).lower(): str(column) for table in tables.values() for column in reversed(list(table))}
    known = {low: name for low, name in known.items() if low not in NO_GROUPS and not low.startswith("p_")}
    found, notes = {name: {} for name in tables}, []
    for column in wanted:
        if column.lower() not in known:
            raise unknown_name("column for --by", column, known.values(), f"There are: {', '.join(known.values())}.")
        for name, table in tables.items():
            own = next((each for each in table if str(each).lower() == column.lower()), None)
            if own is None:
                notes.append(f"{name} has no column {column} and is not scored by it.")
                continue
            groups_of(table[own], column)
            if column.lower() != "patient":
                found[name][known[column.lower()]] = table[own]
    return tuple(known[column.lower()] for column in dict.fromkeys(wanted)), found, notes

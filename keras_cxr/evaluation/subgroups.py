"""Scores by subgroup: the films of a predictions table split by view, sex, age, site, …"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from keras_cxr.errors import UsageError
from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.table import SCORES_COLUMNS
from keras_cxr.evaluation.task import ONE_CLASS

SUBGROUP_COLUMNS = ["column", "group", "patients", *SCORES_COLUMNS, "note"]
UNKNOWN = "unknown"
FEWEST_FILMS, MOST_GROUPS = 10, 30
# The first number of each band and its name; ages in years, and films of a patient.
BANDS = {
    "age": [(0, "0–17"), (18, "18–39"), (40, "40–59"), (60, "60+")],
    "patient": [(1, "1 film"), (2, "2–3 films"), (4, "4+ films")],
}


def groups_of(values: pd.Series, column: str) -> pd.Series:
    """Each film's group by a column.

    Args:
        values: The column, one value a film. Empty values and NaN are 'unknown'.
        column: Its name. Of 'age' (years) the groups are 0–17, 18–39, 40–59 and 60+; of 'patient' films are grouped
            by how many films their patient has (1, 2–3, 4 or more).

    Raises:
        UsageError: More than 30 groups.
    """
    name = column.lower()
    text = values.astype(object).where(values.notna(), "").astype(str).str.strip()
    if name in BANDS:
        numbers = text.map(text.value_counts()) if name == "patient" else pd.to_numeric(values, errors="coerce")
        starts, names = zip(*BANDS[name], strict=True)
        place = np.searchsorted(starts, numbers.fillna(-1).to_numpy(), side="right")
        return pd.Series(np.array([UNKNOWN, *names], object)[place], values.index).where(text != "", UNKNOWN)
    groups = text.where(text != "", UNKNOWN)
    if groups.nunique() > MOST_GROUPS:
        raise UsageError(
            f"--by {column} makes {groups.nunique()} groups; expected {MOST_GROUPS} at most. "
            "Give a column of few values, such as sex, view or age."
        )
    return groups


def score_groups(
    predictions: pd.DataFrame,
    classes: list[str],
    column: str,
    scores: Callable[[pd.DataFrame, int], pd.DataFrame],
    task: str = ONE_CLASS,
) -> pd.DataFrame:
    """Score each group of films.

    Args:
        predictions: See ``scores.score``, with the column.
        classes: The class names in the network's order.
        column: Whose groups, see ``groups_of``.
        scores: From a part of ``predictions`` and the number of bootstrap draws to its scores table.
        task: As in ``scores.score``.

    Returns:
        The columns of ``SUBGROUP_COLUMNS``: those of the scores table, before them column, group and the count of its
        patients. Where a group has fewer than 10 films, or a class has none, ``note`` says so and there are no
        intervals.

    Raises:
        UsageError: More than 30 groups.
    """
    parts = []
    for group, part in _ordered(predictions, column):
        films = scored_films(part, classes, task)
        note = _too_small(films, classes)
        table = scores(part, 0 if note else 2000)
        if note:
            table[["low", "high"]] = np.nan
        patients = int(films.cluster.max()) + 1 if len(films) else 0
        parts.append(table.assign(column=column, group=group, patients=patients, note=note)[SUBGROUP_COLUMNS])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=SUBGROUP_COLUMNS)


def _ordered(predictions: pd.DataFrame, column: str) -> Iterator[tuple[str, pd.DataFrame]]:
    groups = groups_of(predictions[column], column)
    bands = [name for _, name in BANDS.get(column.lower(), ())]
    for group in sorted(groups.unique(), key=lambda name: (name == UNKNOWN, name not in bands, _place(name, bands))):
        yield group, predictions[(groups == group).to_numpy()]


def _place(name: str, bands: list[str]) -> tuple[int, str]:
    return (bands.index(name), "") if name in bands else (0, name.lower())


def _too_small(films: Films, classes: list[str]) -> str:
    if len(films) < FEWEST_FILMS:
        return f"{len(films)} films, fewer than {FEWEST_FILMS}: no interval"
    present, absent = films.positive.any(axis=0), ~films.positive.all(axis=0)
    missing = [name for name, there in zip(classes, present, strict=True) if not there]
    # Of many classes those that are there can still be told apart.
    return "" if (present & absent).any() else f"no film of {', '.join(missing)}: no interval"

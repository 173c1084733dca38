"""What the layouts of published data sets share: their CSV files and the films that these name."""

import os
import pathlib
from collections.abc import Callable

import pandas as pd

from keras_cxr.data.folders import walk_films
from keras_cxr.data.images import SUFFIXES
from keras_cxr.data.layouts.csv_files import read_csv
from keras_cxr.data.table import Dataset, dataset_table, relative_name
from keras_cxr.errors import CxrError

Box = tuple[float, float, float, float]


def read_published(file: pathlib.Path, columns: tuple[str, ...], renamed: dict[str, str] | None = None) -> pd.DataFrame:
    """Read a CSV file of a published data set, every value as text without outer spaces.

    ``renamed`` maps what some editions call a column to the name in ``columns``.

    Raises:
        CxrError: It cannot be read, or lacks one of ``columns``.
    """
    content = read_csv(file, "file").rename(columns=renamed or {})
    missing = [column for column in columns if column not in content]
    if missing:
        raise CxrError(f"'{file}' is not as published: it lacks the column {', '.join(missing)}.")
    return content.apply(lambda values: values.str.strip())


def add_films(
    dataset: Dataset, rows: list[dict], file: pathlib.Path, find: Callable[[str], str | None] | None = None
) -> None:
    """Make the dataset's table of ``rows``, each with ``image``: the film's name as ``file`` writes it.

    Rows whose film is not there and films that no row names are counted in notes.

    Args:
        dataset: Its ``table`` and ``notes`` are changed.
        rows: With ``image`` and columns of the dataset table.
        file: The CSV file, for the messages.
        find: From a name to a path or None; by default films are found by their base name anywhere in the folder.

    Raises:
        CxrError: None of the films is there.
    """
    films = list(walk_films(dataset.root))
    if find is None:
        by_name = {_stem(path): path for path in reversed(films)}  # of two of one name, the first counts
        paths = [by_name.get(_stem(row["image"])) for row in rows]
    else:
        paths = [find(row["image"]) for row in rows]
    there = [{**row, "path": path} for row, path in zip(rows, paths, strict=True) if path]
    missing = [row["image"] for row, path in zip(rows, paths, strict=True) if not path]
    if not there:
        first = missing[0] if missing else "(no row)"
        raise CxrError(
            f"None of the {len(rows)} films named in '{file}' lies below '{dataset.root}'. First name there: {first}"
        )
    if missing:
        dataset.notes.append(
            f"{len(missing)} of {len(rows)} films named in {file.name} are not there, first: {missing[0]}"
        )
    dataset.table = dataset_table(there).drop_duplicates("path", ignore_index=True)
    known = set(dataset.table["path"])
    others = [path for path in films if path not in known]
    if others:
        first = relative_name(others[0], dataset.root)
        dataset.notes.append(f"{len(others)} films without a label are left out, first: {first}")


def _stem(name: str) -> str:
    name = os.path.basename(name)
    return os.path.splitext(name)[0] if name.lower().endswith(SUFFIXES) else name


def boxes_of(marks: pd.DataFrame, image: str, columns: tuple[str, str, str, str]) -> dict[str, list[Box]]:
    """The boxes (x, y, width, height) of each image; rows without four numbers are passed over."""
    numbers = marks[list(columns)].apply(pd.to_numeric, errors="coerce")
    whole = numbers.notna().all(axis=1)
    boxes: dict[str, list[Box]] = {}
    for name, box in zip(marks.loc[whole, image], numbers[whole].itertuples(index=False, name=None), strict=True):
        boxes.setdefault(name, []).append(tuple(float(side) for side in box))
    return boxes

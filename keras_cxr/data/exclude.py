"""Films that the user leaves out of a data set, by a list such as ``keras-cxr audit`` writes."""

import os

import pandas as pd

from keras_cxr.data.layouts.csv_files import read_csv
from keras_cxr.data.table import Dataset, relative_name
from keras_cxr.errors import CxrError

COLUMNS = ("image", "path", "file")


def exclude_films(dataset: Dataset, file: str | os.PathLike) -> None:
    """Take the films that ``file`` lists out of ``dataset``; what was done and what was not found is noted.

    Args:
        dataset: Changed in place.
        file: CSV with a column ``image`` (or ``path``, ``file``): names below the data folder, or absolute paths. Where
            its column ``dataset`` names several data sets, only the rows of this one count, by folder name or path.

    Raises:
        CxrError: No such file, no such column, or no film is left.
    """
    listed = read_csv(file, "list of films to exclude")
    column = next((name for name in COLUMNS if name in listed), None)
    if column is None:
        raise CxrError(f"The list '{file}' lacks a column 'image'. It has: {', '.join(listed.columns)}.")
    own = _rows_of(listed, dataset)
    wanted = {name.strip().replace("\\", "/") for name in listed.loc[own, column]} - {""}
    table = dataset.table
    names = pd.Series([relative_name(path, dataset.root) for path in table["path"]], index=table.index)
    out = names.isin(wanted) | table["path"].isin(wanted)
    unknown = wanted - set(names) - set(table["path"])
    dataset.notes.append(f"{int(out.sum())} of {len(table)} films are left out by --exclude {file}.")
    if unknown:
        dataset.notes.append(
            f"{len(unknown)} films that --exclude lists are not in '{dataset.root}', first: {min(unknown)}"
        )
    if out.all():
        raise CxrError(f"--exclude {file} leaves no film of '{dataset.root}'.")
    dataset.table = table[~out].reset_index(drop=True)


def _rows_of(listed: pd.DataFrame, dataset: Dataset) -> pd.Series:
    if "dataset" not in listed or listed["dataset"].nunique() < 2:
        return pd.Series(True, index=listed.index)
    return listed["dataset"].isin([dataset.root.name, str(dataset.root)])

"""The dataset table: one row a film. Every other module only reads or writes these columns."""

import dataclasses
import pathlib

import pandas as pd

SPLITS = ("train", "val", "test")
# The words, in small letters, by which published data sets name them.
SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclasses.dataclass
class Dataset:
    """A dataset table and how it came about.

    Attributes:
        root: Folder below which the films lie.
        table: One row a film. ``path`` (absolute), ``label`` (str), ``patient`` (str; '' where it is not known),
            ``split`` ('train', 'val', 'test', or '' before splitting). ``read`` (films.py) adds ``width``, ``height``
            (pixels, int) and ``sha256`` (str).
        layout: The layout that was recognised, in words.
        notes: Lines for the user: what was decided, merged or passed over.
        faults: Lines for the user: what is wrong and must be mended before a training.
    """

    root: pathlib.Path
    table: pd.DataFrame
    layout: str
    notes: list[str] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)


def dataset_table(rows: list[dict]) -> pd.DataFrame:
    """Build a dataset table from rows; columns that a row lacks become the empty string."""
    columns = ["path", "label", "patient", "split"]
    return pd.DataFrame([[row.get(column, "") for column in columns] for row in rows], columns=columns, dtype=str)


def relative_name(path: str, root: pathlib.Path) -> str:
    """The film's name for people and CSV files: its path below ``root`` with '/', else its whole path."""
    path = pathlib.Path(path)
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()

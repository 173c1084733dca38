"""The dataset table: one row a film. Every other module only reads or writes these columns."""

import dataclasses
import pathlib
from collections.abc import Sequence

import pandas as pd

# Arrow, which pandas keeps texts in where pyarrow is installed, holds no file name that is no Unicode.
pd.set_option("mode.string_storage", "python")

SPLITS = ("train", "val", "test")
REQUIRED = ("path", "label", "patient", "split")
OPTIONAL = (
    "mask",
    "boxes",
    "findings",
    "uncertain",
    "kind",
    "detail",
    "study",
    "view",
    "age",
    "sex",
    "modality",
    "spacing",
)
# The words, in small letters, by which published data sets name them.
SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


@dataclasses.dataclass
class Dataset:
    """A dataset table and how it came about.

    Attributes:
        root: Folder below which the films lie.
        table: One row a film. ``path`` (absolute), ``label`` (str), ``patient`` (str; '' where it is not known),
            ``split`` ('train', 'val', 'test', or '' before splitting). Reading the films adds ``width``, ``height``
            (pixels, int) and ``sha256`` (str). Where a layout tells them, for all rows or none:
            ``mask`` (absolute path of the lung mask, or ''), ``boxes`` (list of (x, y, width, height) in pixels of the
            film from its upper left), ``findings`` and ``uncertain`` (such as 'Effusion|Mass', or ''), ``kind`` and
            ``detail`` (finer classes, as published), ``study`` (str), ``view`` ('PA', 'AP', 'lateral', '' or as
            published), ``age`` (years, float, NaN where unknown), ``sex`` ('M', 'F', '' or as published), ``modality``
            ('DX', 'CR', …), ``spacing``
            (mm between rows and between columns of the film, two floats or None). Other columns of a labels file
            (such as a hospital's name) are kept as text, under their own names.
        layout: The layout that was recognised, in words.
        notes: Lines for the user: what was decided, merged or passed over.
        faults: Lines for the user: what is wrong and must be mended before a training.
        multi_label: The column of findings that the labels were made of, each now a set of findings such as
            'Effusion|Mass' or 'No Finding' (see ``evaluation.findings``); '' where each film is of one class.
    """

    root: pathlib.Path
    table: pd.DataFrame
    layout: str
    notes: list[str] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)
    multi_label: str = ""


def dataset_table(rows: list[dict], others: Sequence[str] = ()) -> pd.DataFrame:
    """Build a dataset table from rows: the required columns, the optional ones that any row has, and ``others``.

    What a row lacks becomes the empty string, for ``boxes`` an empty list, for ``age`` NaN, for ``spacing`` None.
    """
    present = {column for row in rows for column in row}
    table = pd.DataFrame(index=range(len(rows)))
    known = (*REQUIRED, *(column for column in OPTIONAL if column in present))
    for column in (*known, *(column for column in others if column not in known)):
        if column == "age":
            table[column] = pd.Series([row.get(column) for row in rows], dtype=float)
        elif column in ("boxes", "spacing"):
            empty = list if column == "boxes" else lambda: None
            table[column] = pd.Series([row[column] if column in row else empty() for row in rows], dtype=object)
        else:
            table[column] = pd.Series([row.get(column, "") for row in rows], dtype=str)
    return table


def relative_name(path: str, root: pathlib.Path) -> str:
    """The film's name for people and CSV files: its path below ``root`` with '/', else its whole path."""
    path = pathlib.Path(path)
    try:
        return path.relative_to(root).as_posix()
    except ValueError:
        return path.as_posix()


def dataset_names(datasets: list[Dataset]) -> list[str]:
    """The folders' names, with the parent's before them where two are called alike, then with a number behind."""
    short = [dataset.root.name for dataset in datasets]
    names = [
        name if short.count(name) == 1 else f"{dataset.root.parent.name}-{name}"
        for name, dataset in zip(short, datasets, strict=True)
    ]
    before = [names[:place].count(name) for place, name in enumerate(names)]
    return [f"{name}-{count + 1}" if count else name for name, count in zip(names, before, strict=True)]

"""A CSV file with one row a film: columns for file, label and optionally patient and split."""

import pathlib
import re

import pandas as pd

from keras_cxr.data.folders import walk_films
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.split_folders import SPLIT_NAMES
from keras_cxr.data.table import Dataset, dataset_table
from keras_cxr.errors import CxrError, unknown_name

NAME = "labels in a CSV file"
BESIDE = "labels.csv"
COLUMNS = {
    "image": (
        "image",
        "path",
        "file",
        "filename",
        "filepath",
        "imagepath",
        "imageindex",
        "imageid",
        "imagename",
        "img",
    ),
    "label": ("label", "class", "diagnosis", "target", "category", "truth", "classname"),
    "patient": ("patient", "patientid", "subject", "subjectid", "person"),
    "split": ("split", "set", "subset", "fold", "partition"),
}


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether a CSV file was given, or a ``labels.csv`` lies in the folder."""
    return options.labels is not None or (options.label_pattern is None and (folder / BESIDE).is_file())


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read the CSV file and find its films below ``folder``.

    Raises:
        CxrError: No CSV, a column is missing, or none of its films is there.
    """
    file = pathlib.Path(options.labels or folder / BESIDE)
    content = _read_csv(file)
    chosen = {
        "image": _column(content, "image", options.image_column, file),
        "label": _column(content, "label", options.label_column, file),
        "patient": _column(content, "patient", options.patient_column, file, needed=False),
        "split": _column(content, "split", options.split_column, file, needed=False),
    }
    dataset = Dataset(folder, dataset_table([]), f"{NAME} ({file.name})")
    finder = _Finder(folder, file.parent)
    rows, missing, ambiguous, unlabelled = [], [], [], 0
    for _, line in content.iterrows():
        value = {name: str(line[column]).strip() if column else "" for name, column in chosen.items()}
        if not value["label"]:
            unlabelled += 1
            continue
        paths = finder.find(value["image"])
        if len(paths) == 1:
            split = SPLIT_NAMES.get(value["split"].lower(), "")
            rows.append({"path": paths[0], "label": value["label"], "patient": value["patient"], "split": split})
        else:
            (ambiguous if paths else missing).append(value["image"])
    if ambiguous:
        dataset.faults.append(
            f"{len(ambiguous)} names in {file.name} fit several files, first: {ambiguous[0]}. "
            "Name them there with their folder."
        )
    if not rows and ambiguous:
        raise CxrError(dataset.faults[0])
    if not rows:
        raise CxrError(
            f"None of the {len(content)} films named in '{file}' lies below '{folder}'. First name there: "
            f"{content[chosen['image']].iloc[0] if len(content) else '(the file has no rows)'}"
        )
    dataset.table = _without_doubles(dataset_table(rows), folder, dataset)
    if missing:
        dataset.notes.append(
            f"{len(missing)} of {len(content)} films named in {file.name} are not there, first: {missing[0]}"
        )
    if unlabelled:
        dataset.notes.append(f"{unlabelled} rows of {file.name} have no label and are left out.")
    return dataset


def _read_csv(file: pathlib.Path) -> pd.DataFrame:
    try:
        content = pd.read_csv(file, dtype=str, keep_default_na=False, sep=None, engine="python", encoding="utf-8-sig")
    except FileNotFoundError as fault:
        raise CxrError(f"The labels file '{file}' does not exist.") from fault
    except (OSError, UnicodeDecodeError, ValueError, pd.errors.ParserError) as fault:
        raise CxrError(f"The labels file '{file}' cannot be read as CSV with a header row: {fault}") from fault
    content.columns = [str(column).strip() for column in content.columns]
    return content


def _column(content: pd.DataFrame, what: str, named: str | None, file: pathlib.Path, needed: bool = True) -> str | None:
    columns = list(content.columns)
    if named is not None:
        if named not in columns:
            raise unknown_name(f"column in {file.name} for --{what}-column", named, columns)
        return named
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in columns}
    found = next((plain[name] for name in COLUMNS[what] if name in plain), None)
    if found is None and needed:
        raise CxrError(
            f"No {what} column in '{file}': expected one of {', '.join(COLUMNS[what][:4])}. "
            f"It has: {', '.join(columns)}. Name it with --{what}-column."
        )
    return found


class _Finder:
    """Finds the file that a CSV means: a path as it stands, below the folder, beside the CSV, or by name alone."""

    def __init__(self, folder: pathlib.Path, beside: pathlib.Path):
        self.folder, self.beside = folder, beside
        self.by_name: dict[str, list[str]] | None = None

    def find(self, name: str) -> list[str]:
        if not name:
            return []
        for start in (self.folder, self.folder / "images", self.beside):
            path = start / name
            if path.is_file():
                return [str(path.absolute())]
        if self.by_name is None:
            self.by_name = {}
            for path in walk_films(self.folder):
                for key in {pathlib.Path(path).name, pathlib.Path(path).stem}:
                    self.by_name.setdefault(key, []).append(path)
        return self.by_name.get(pathlib.PurePosixPath(name).name, [])


def _without_doubles(table: pd.DataFrame, folder: pathlib.Path, dataset: Dataset) -> pd.DataFrame:
    labels = table.groupby("path")["label"].nunique()
    conflicting = labels[labels > 1].index
    if len(conflicting):
        dataset.faults.append(f"{len(conflicting)} films have rows with different labels, first: {conflicting[0]}")
    doubles = int(table["path"].duplicated().sum())
    if doubles:
        dataset.notes.append(f"{doubles} rows name a film that has a row already; the first row counts.")
    return table.drop_duplicates("path", ignore_index=True)

"""A CSV file with one row a film: columns for file, label and optionally patient and split."""

import io
import os
import pathlib
import re
import warnings

import pandas as pd

from keras_cxr.data.folders import walk_films
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import SPLIT_NAMES, Dataset, dataset_table, relative_name
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
        CxrError: No CSV, a column is missing, no row has a label, or none of its films is there.
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
    values = pd.DataFrame(
        {what: content[column].str.strip() if column else "" for what, column in chosen.items()}, content.index
    )
    splits = values["split"].str.lower().map(SPLIT_NAMES)
    odd = values["split"][splits.isna() & (values["split"] != "")]
    values["split"] = splits.fillna("")
    labelled = values["label"] != ""
    if not labelled.any():
        raise CxrError(f"No row of '{file}' has a label in its column '{chosen['label']}'.")
    finder = _Finder(folder, file.parent)
    rows, missing, ambiguous = [], [], []
    for row in values[labelled].to_dict("records"):
        paths = finder.find(row["image"])
        if len(paths) == 1:
            rows.append({**row, "path": paths[0]})
        else:
            (ambiguous if paths else missing).append(row["image"])
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
            f"{missing[0] or '(empty)'}"
        )
    dataset.table = _without_doubles(dataset_table(rows), dataset)
    if missing:
        dataset.notes.append(
            f"{len(missing)} of {len(content)} films named in {file.name} are not there, first: {missing[0]}"
        )
    if not labelled.all():
        dataset.notes.append(f"{(~labelled).sum()} rows of {file.name} have no label and are left out.")
    if len(odd):
        dataset.notes.append(
            f"{len(odd)} values of column '{chosen['split']}' are not train, val or test, first: {odd.iloc[0]}. "
            "Their films count as not split yet."
        )
    return dataset


def _read_csv(file: pathlib.Path) -> pd.DataFrame:
    try:
        text = file.read_text(encoding="utf-8-sig")
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):  # of rows cut to the header
            content = pd.read_csv(io.StringIO(text), sep=_separator(text), dtype=str, na_filter=False, index_col=False)
    except FileNotFoundError as fault:
        raise CxrError(f"The labels file '{file}' does not exist.") from fault
    except (OSError, ValueError, pd.errors.ParserWarning) as fault:
        reason = " ".join(str(fault).split())
        raise CxrError(f"The labels file '{file}' cannot be read as CSV with a header row: {reason}") from fault
    content.columns = [str(column).strip() for column in content.columns]
    return content


def _separator(text: str) -> str:
    # By the header alone: sniffing takes letters for separators where there is one column.
    header = text.lstrip().partition("\n")[0]
    return max((",", ";", "\t", "|"), key=header.count)


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
        name = name.replace("\\", "/")
        if not name:
            return []
        for start in (self.folder, self.folder / "images", self.beside):
            path = os.path.abspath(start / name)
            if os.path.isfile(path):
                return [path]
        if self.by_name is None:
            self.by_name = {}
            for path in walk_films(self.folder):
                for key in {pathlib.Path(path).name, pathlib.Path(path).stem}:
                    self.by_name.setdefault(key, []).append(path)
        return self.by_name.get(pathlib.PurePosixPath(name).name, [])


def _without_doubles(table: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    labels = table.groupby("path")["label"].nunique()
    conflicting = labels[labels > 1].index
    if len(conflicting):
        first = relative_name(conflicting[0], dataset.root)
        dataset.faults.append(f"{len(conflicting)} films have rows with different labels, first: {first}")
    doubles = int(table["path"].duplicated().sum())
    if doubles:
        dataset.notes.append(f"{doubles} rows name a film that has a row already; the first row counts.")
    return table.drop_duplicates("path", ignore_index=True)

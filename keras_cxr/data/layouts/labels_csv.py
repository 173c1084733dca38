"""A CSV file with one row a film: columns for file, label and optionally patient and split."""

import os
import pathlib
import re

import pandas as pd

from keras_cxr.data.folders import is_film_name, walk_films
from keras_cxr.data.layouts.csv_files import read_csv
from keras_cxr.data.layouts.facts import sex, view, years
from keras_cxr.data.layouts.findings import finding_or_not, label_by_finding, same_finding
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.published import boxes_of
from keras_cxr.data.table import SPLIT_NAMES, Dataset, dataset_table, relative_name
from keras_cxr.errors import CxrError, unknown_name
from keras_cxr.evaluation.findings import NO_FINDING

NAME = "labels in a CSV file"
NEEDS = "a labels.csv in the folder, or --labels"
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
    "age": ("age", "patientage"),
    "sex": ("sex", "gender", "patientsex", "patientgender"),
    "view": ("view", "viewposition"),
    "findings": ("findings", "findinglabels"),
}
# Columns of the dataset table that hold something else than text, or that reading the films fills.
NOT_KEPT = ("", "path", "mask", "boxes", "spacing", "uncertain", "width", "height", "sha256", "region")
FACTS = {"age": years, "sex": sex, "view": view, "findings": str}
BOXES, BOX = "boxes.csv", ("x", "y", "width", "height")
MASKS = "masks"


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether a CSV file was given, or a ``labels.csv`` lies in the folder."""
    return options.labels is not None or (options.label_pattern is None and (folder / BESIDE).is_file())


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read the CSV file and find its films below ``folder``.

    Raises:
        CxrError: No CSV, a column is missing, no row has a label, or none of its films is there.
        UsageError: An unknown finding.
    """
    file = pathlib.Path(options.labels or folder / BESIDE)
    content = read_csv(file)
    columns, values = label_values(content, file, options)
    dataset = Dataset(folder, dataset_table([]), f"{NAME} ({file.name})", multi_label=options.multi_label)
    splits = values["split"].str.lower().map(SPLIT_NAMES)
    odd = values["split"][splits.isna() & (values["split"] != "")]
    values["split"] = splits.fillna("")
    labelled = values["label"] != ""
    if not labelled.any():
        raise CxrError(f"No row of '{file}' has a label in its column '{columns['label']}'.")
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
    _add_boxes(rows, file.with_name(BOXES), finder, options.finding, dataset)
    _add_masks(rows, file.with_name(MASKS))
    others = [column for column in values if column not in columns]
    dataset.table = _without_doubles(dataset_table(rows, others), dataset)
    if "findings" in dataset.table and options.finding:
        label_by_finding(dataset, options)
    if missing:
        dataset.notes.append(
            f"{len(missing)} of {len(content)} films named in {file.name} are not there, first: {missing[0]}"
        )
    if not labelled.all():
        dataset.notes.append(f"{(~labelled).sum()} rows of {file.name} have no label and are left out.")
    if len(odd):
        dataset.notes.append(
            f"{len(odd)} values of column '{columns['split']}' are not train, val or test, first: {odd.iloc[0]}. "
            "Their films count as not split yet."
        )
    return dataset


def label_values(
    content: pd.DataFrame, file: pathlib.Path, options: LabelOptions
) -> tuple[dict[str, str | None], pd.DataFrame]:
    """What a labels file says, row by row.

    Args:
        content: The file, every value text.
        file: Its name, for the messages.
        options: What the user says of its columns.

    Returns:
        The column that holds each thing, None where there is none, and a table of the things: image, label, patient
        and split, '' where not known; of ``FACTS`` those that the file has; and its other columns as they are, but
        for those in ``NOT_KEPT``.

    Raises:
        CxrError: No column of images or labels.
        UsageError: A column that was named is not there.
    """
    facts = {what: find_column(content, what, None, file, needed=False) for what in FACTS}
    columns = {what: column for what, column in facts.items() if column}
    by_finding = bool(options.finding and "findings" in columns)
    image = find_column(content, "image", options.image_column, file)
    if options.multi_label:
        label = _named_column(content, options.multi_label, "--multi-label", file)
    else:
        label = columns["findings"] if by_finding else find_column(content, "label", options.label_column, file)
    columns |= {
        "image": image,
        "label": label,
        "patient": find_column(content, "patient", options.patient_column, file, needed=False),
        "split": find_column(content, "split", options.split_column, file, needed=False),
    }
    values = pd.DataFrame(index=content.index)
    for what, column in columns.items():
        values[what] = content[column].str.strip() if column else ""
        if what in FACTS:
            values[what] = values[what].map(FACTS[what])
    if by_finding:
        values["label"] = values["findings"].map(finding_or_not)
    if options.multi_label:
        # A film of which nothing is listed is no film without a label.
        values["label"] = values["label"].replace("", NO_FINDING)
    for column in content:
        if column not in columns.values() and column.lower() not in NOT_KEPT and column not in values:
            values[column] = content[column].str.strip()
    return columns, values


def find_column(
    content: pd.DataFrame, what: str, named: str | None, file: pathlib.Path, needed: bool = True
) -> str | None:
    """The column that holds one of ``COLUMNS``: the one ``named`` by the user, else one of its usual names.

    Raises:
        CxrError: There is none and it is ``needed``.
        UsageError: The column that was named is not there.
    """
    columns = list(content.columns)
    if named is not None:
        return _named_column(content, named, f"--{what}-column", file)
    plain = {re.sub(r"[^a-z0-9]", "", column.lower()): column for column in columns}
    found = next((plain[name] for name in COLUMNS[what] if name in plain), None)
    if found is None and needed:
        raise CxrError(
            f"No {what} column in '{file}': expected one of {', '.join(COLUMNS[what][:4])}. "
            f"It has: {', '.join(columns)}. Name it with --{what}-column."
        )
    return found


def _named_column(content: pd.DataFrame, named: str, option: str, file: pathlib.Path) -> str:
    if named not in content:
        raise unknown_name(f"column in {file.name} for {option}", named, list(content.columns))
    return named


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


def _add_boxes(rows: list[dict], file: pathlib.Path, finder: _Finder, finding: str | None, dataset: Dataset) -> None:
    if not file.is_file():
        return
    marks = read_csv(file, "file")
    missing = [column for column in ("image", *BOX) if column not in marks]
    if missing:
        dataset.notes.append(f"{file.name} lacks the column {', '.join(missing)} and is passed over.")
        return
    if "label" in marks:
        marks = marks[same_finding(marks["label"], finding)]
    boxes = {}
    for image, found in boxes_of(marks, "image", BOX).items():
        for path in finder.find(image.strip())[:1]:
            boxes.setdefault(path, []).extend(found)
    for row in rows:
        row["boxes"] = boxes.get(row["path"], [])


def _add_masks(rows: list[dict], folder: pathlib.Path) -> None:
    if not folder.is_dir():
        return
    masks = {path.stem: str(path.absolute()) for path in folder.iterdir() if is_film_name(path.name)}
    for row in rows:
        row["mask"] = masks.get(pathlib.Path(row["path"]).stem, "")


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

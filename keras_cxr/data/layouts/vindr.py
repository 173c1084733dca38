"""VinDr-CXR as on PhysioNet (a row a film and reader, a column a finding) and as on Kaggle (a row a box).

Nguyen H. Q. et al., VinDr-CXR: An open dataset of chest X-rays with radiologist's annotations, Scientific Data 2022.
Three readers saw each film of train, and what most of them saw counts; test is their consensus.
"""

import pathlib

import pandas as pd

from keras_cxr.data.layouts.csv_files import has_columns
from keras_cxr.data.layouts.findings import FINDING, NO_FINDING, label_by_finding, same_finding
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.published import Box, add_films, boxes_of, read_published
from keras_cxr.data.table import Dataset, dataset_table

NAME = "VinDr-CXR"
SPLITS = ("train", "test")
CORNERS = ("x_min", "y_min", "x_max", "y_max")
MARKS = ("image_id", "class_name", *CORNERS)
KAGGLE = "train.csv"
NEEDS = "image_labels_train.csv or image_labels_test.csv, also in annotations/, or Kaggle's train.csv"
# The two tables of PhysioNet name one finding differently.
NAMES = {"No finding": NO_FINDING, "Other disease": "Other diseases"}


def _label_files(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    files = {
        split: place / f"image_labels_{split}.csv"
        for place in (folder, folder / "annotations")
        for split in SPLITS
        if (place / f"image_labels_{split}.csv").is_file()
    }
    return {split: files[split] for split in SPLITS if split in files}


def _is_kaggle(folder: pathlib.Path) -> bool:
    return has_columns(folder / KAGGLE, "rad_id", *MARKS)


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether the tables of one of the two forms lie in ``folder``."""
    return bool(_label_files(folder)) or _is_kaggle(folder)


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read findings and boxes; boxes are every reader's, of findings that count and, given ``--finding``, of that one.

    Raises:
        CxrError: A table is not as published, or none of its films is there.
        UsageError: An unknown finding.
    """
    files = _label_files(folder)
    rows = []
    for split, file in files.items():
        annotations = file.with_name(f"annotations_{split}.csv")
        marks = read_published(annotations, MARKS) if annotations.is_file() else None
        rows += _rows(_shares_of_labels(file), marks, split, options.finding)
    if not files:
        marks = read_published(folder / KAGGLE, ("rad_id", *MARKS))
        rows = _rows(_shares_of_marks(marks), marks, "train", options.finding)
    dataset = Dataset(folder, dataset_table([]), NAME)
    add_films(dataset, rows, next(iter(files.values()), folder / KAGGLE))
    label_by_finding(dataset, options)
    return dataset


def _shares_of_labels(file: pathlib.Path) -> pd.DataFrame:
    """Share of the readers who saw each finding (columns) in each film (index)."""
    content = read_published(file, ("image_id",))
    findings = [column for column in content if column not in ("image_id", "rad_id")]
    votes = content[findings].apply(pd.to_numeric, errors="coerce").fillna(0)
    return votes.groupby(content["image_id"], sort=False).mean()


def _shares_of_marks(marks: pd.DataFrame) -> pd.DataFrame:
    readers = marks.groupby("image_id")["rad_id"].nunique()
    votes = marks.drop_duplicates(["image_id", "rad_id", "class_name"])
    return pd.crosstab(votes["image_id"], votes["class_name"]).div(readers, axis=0)


def _rows(shares: pd.DataFrame, marks: pd.DataFrame | None, split: str, finding: str | None) -> list[dict]:
    shares = shares.rename(columns=NAMES)
    names, seen = list(shares), shares.to_numpy() > 0.5
    findings = {
        image: [names[column] for column in row.nonzero()[0]] for image, row in zip(shares.index, seen, strict=True)
    }
    boxes = _boxes(marks, findings, finding) if marks is not None else {}
    return [
        {
            "image": image,
            "split": split,
            "label": NO_FINDING if NO_FINDING in present else FINDING,
            "findings": "|".join(present),
            "boxes": boxes.get(image, []),
        }
        for image, present in findings.items()
    ]


def _boxes(marks: pd.DataFrame, findings: dict[str, list[str]], finding: str | None) -> dict[str, list[Box]]:
    names = marks["class_name"].replace(NAMES)
    counts = [name in findings.get(image, ()) for image, name in zip(marks["image_id"], names, strict=True)]
    chosen = marks[pd.Series(counts, marks.index) & same_finding(names, finding)]
    corners = boxes_of(chosen, "image_id", CORNERS)
    return {
        image: [(left, top, right - left, bottom - top) for left, top, right, bottom in boxes]
        for image, boxes in corners.items()
    }

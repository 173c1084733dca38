"""NIH ChestX-ray14 as published: one table of findings, pictures of 1024 pixels a side in one or more folders.

Wang X. et al., ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks, CVPR 2017.
"""

import pathlib

import pandas as pd

from keras_cxr.data.layouts.facts import sex, view, years
from keras_cxr.data.layouts.findings import finding_or_not, label_by_finding, same_finding
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.published import Box, add_films, boxes_of, read_published
from keras_cxr.data.table import Dataset, dataset_table

NAME = "NIH ChestX-ray14"
TABLES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv")  # the later one has the ages mended
BOXES = "BBox_List_2017.csv"
SPLITS = {"train_val_list.txt": "train", "test_list.txt": "test"}
NEEDS = " or ".join(TABLES)
SIDE = 1024
BOX_NAMES = {"Infiltrate": "Infiltration"}


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether one of the tables of findings lies in ``folder``."""
    return any((folder / name).is_file() for name in TABLES)


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read findings, patients, the official splits and the boxes, which with ``--finding`` are those of the finding.

    ``spacing`` is that of the published pictures, which were scaled to ``SIDE`` pixels.

    Raises:
        CxrError: A table is not as published, or none of its films is there.
        UsageError: An unknown finding.
    """
    file = next(folder / name for name in TABLES if (folder / name).is_file())
    columns = ("Image Index", "Finding Labels", "Patient ID", "Patient Age", "Patient Sex", "View Position")
    content = read_published(file, columns, {"Patient Gender": "Patient Sex"})
    splits = _official_splits(folder)
    boxes = _boxes(folder / BOXES, options.finding) if (folder / BOXES).is_file() else {}
    rows = [
        {
            "image": image,
            "label": finding_or_not(findings),
            "patient": patient.zfill(8),
            "split": splits.get(image, ""),
            "boxes": boxes.get(image, []),
            "findings": findings,
            "view": view(position),
            "age": years(age),
            "sex": sex(gender),
            "spacing": spacing,
        }
        for image, findings, patient, age, gender, position, spacing in zip(
            *(content[column] for column in columns), _spacings(content), strict=True
        )
    ]
    dataset = Dataset(folder, dataset_table([]), NAME)
    add_films(dataset, rows, file)
    label_by_finding(dataset, options)
    return dataset


def _official_splits(folder: pathlib.Path) -> dict[str, str]:
    there = {name: split for name, split in SPLITS.items() if (folder / name).is_file()}
    return {image: split for name, split in there.items() for image in (folder / name).read_text().split()}


def _boxes(file: pathlib.Path, finding: str | None) -> dict[str, list[Box]]:
    columns = ("Bbox [x", "y", "w", "h]")  # the header says 'Bbox [x,y,w,h]'
    marks = read_published(file, ("Image Index", "Finding Label", *columns))
    names = marks["Finding Label"].replace(BOX_NAMES)
    return boxes_of(marks[same_finding(names, finding)], "Image Index", columns)


def _spacings(content: pd.DataFrame) -> list[tuple[float, float] | None]:
    # The headers say 'OriginalImage[Width,Height]' and 'OriginalImagePixelSpacing[x,y]'.
    columns = ["Height]", "y]", "OriginalImage[Width", "OriginalImagePixelSpacing[x"]
    if not set(columns) <= set(content):
        return [None] * len(content)
    numbers = content[columns].apply(pd.to_numeric, errors="coerce")
    known = numbers.notna().all(axis=1)
    sides = numbers.itertuples(index=False, name=None)
    return [
        (height * y / SIDE, width * x / SIDE) if one else None
        for one, (height, y, width, x) in zip(known, sides, strict=True)
    ]

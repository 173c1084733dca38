"""CheXpert as Stanford publishes it: train.csv and valid.csv, a row a film, a column a finding.

Irvin J. et al., CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels and Expert Comparison, AAAI 2019.
1 is present, 0 absent, -1 uncertain, blank not mentioned.
"""

import os
import pathlib
import re

import pandas as pd

from keras_cxr.data.layouts.csv_files import has_columns
from keras_cxr.data.layouts.facts import sex, years
from keras_cxr.data.layouts.findings import finding_or_not, label_by_finding
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.published import add_films, read_published
from keras_cxr.data.table import Dataset, dataset_table

NAME = "CheXpert"
TABLES = {"train.csv": "train", "valid.csv": "val"}
COLUMNS = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA")
NEEDS = f"train.csv or valid.csv with the columns {', '.join(COLUMNS)}"


def _tables(folder: pathlib.Path) -> list[str]:
    return [name for name in TABLES if has_columns(folder / name, *COLUMNS)]


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether one of CheXpert's tables lies in ``folder``."""
    return bool(_tables(folder))


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read both tables; their splits, patients and studies are those of the folders.

    Raises:
        CxrError: A table is not as published, or none of its films is there.
        UsageError: An unknown finding.
    """
    rows = [row for name in _tables(folder) for row in _rows(folder / name, TABLES[name])]
    dataset = Dataset(folder, dataset_table([]), NAME)
    add_films(dataset, rows, folder / _tables(folder)[0], lambda name: _find(folder, name))
    label_by_finding(dataset, options)
    return dataset


def _rows(file: pathlib.Path, split: str) -> list[dict]:
    content = read_published(file, COLUMNS)
    findings = [column for column in content if column not in COLUMNS and not column.startswith("Unnamed")]
    numbers = content[findings].apply(pd.to_numeric, errors="coerce")
    rows = []
    for (path, gender, age, side, position), present, doubtful in zip(
        content[list(COLUMNS)].itertuples(index=False, name=None),
        _joined(numbers == 1),
        _joined(numbers == -1),
        strict=True,
    ):
        place = re.search(r"(patient\d+)/(study\d+)/", path)
        row = {"image": path, "split": split, "label": finding_or_not(present)}
        row |= {"findings": present, "uncertain": doubtful, "age": years(age), "sex": sex(gender)}
        row |= {"patient": place[1] if place else "", "study": f"{place[1]}/{place[2]}" if place else ""}
        row["view"] = "lateral" if side == "Lateral" else position if position in ("PA", "AP") else ""
        rows.append(row)
    return rows


def _joined(marks: pd.DataFrame) -> list[str]:
    names = list(marks)
    return ["|".join(names[column] for column in row.nonzero()[0]) for row in marks.to_numpy()]


def _find(folder: pathlib.Path, name: str) -> str | None:
    # Paths begin with the data set's own folder, CheXpert-v1.0-small/train/…, whatever it is called here.
    inside = re.search(r"(?:^|/)((?:train|valid)/.+)$", name)
    path = os.path.join(folder, *(inside[1] if inside else name).split("/"))
    return path if os.path.isfile(path) else None

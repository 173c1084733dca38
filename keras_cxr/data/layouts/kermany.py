"""Kermany's films of children (Kaggle's chest_xray): NORMAL and PNEUMONIA, and in the file names bacteria or virus.

Kermany D., Zhang K., Goldbaum M., Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep Learning,
Cell 2018. Kaggle's names are person1_bacteria_2.jpeg, Mendeley's BACTERIA-1008087-0001.jpeg.
"""

import os
import pathlib
import re

from keras_cxr.data.folders import walk_films
from keras_cxr.data.layouts.class_folders import class_folders
from keras_cxr.data.layouts.class_folders import read as read_class_folders
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.split_folders import matches as in_splits
from keras_cxr.data.layouts.split_folders import read as read_split_folders
from keras_cxr.data.layouts.split_folders import split_folders
from keras_cxr.data.table import Dataset

NAME = "Kermany's chest_xray"
NEEDS = "folders NORMAL and PNEUMONIA, perhaps in train, val and test, and names such as person1_bacteria_2.jpeg"
KIND = re.compile(r"^(?:person\d+_(bacteria|virus)_\d+|(BACTERIA|VIRUS)-\d+-\d+)")


def _kind(path: str) -> str:
    found = KIND.match(os.path.basename(path))
    return (found[1] or found[2]).lower() if found else ""


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether ``folder`` holds, in split folders or directly, NORMAL and PNEUMONIA films of these names."""
    for place in (*split_folders(folder), folder):
        classes = {path.name: path for path in class_folders(place)}
        if set(classes) == {"NORMAL", "PNEUMONIA"}:
            return bool(_kind(next(walk_films(classes["PNEUMONIA"]))))
    return False


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read every film with its ``kind``: normal, bacteria, virus, or '' where the name of a pneumonia does not tell."""
    dataset = (read_split_folders if in_splits(folder, options) else read_class_folders)(folder, options)
    table = dataset.table
    table["kind"] = [
        "normal" if label == "NORMAL" else _kind(path)
        for path, label in zip(table["path"], table["label"], strict=True)
    ]
    dataset.layout = NAME
    return dataset

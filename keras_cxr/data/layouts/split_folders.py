"""Kaggle's form: train, val and test folders (in any case), each with class folders; its splits are kept."""

import pathlib

from keras_cxr.data.folders import subfolders, walk_films
from keras_cxr.data.layouts.class_folders import class_folders
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import SPLIT_NAMES, Dataset, dataset_table

NAME = "split folders of class folders"
NEEDS = "train, val or test folders with a folder of films a class"


def split_folders(folder: pathlib.Path) -> list[pathlib.Path]:
    """The folders directly in ``folder`` that are named as a split."""
    return [path for path in subfolders(folder) if path.name.lower() in SPLIT_NAMES]


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether ``folder`` holds a train folder, or a test folder alone, of class folders."""
    return any(class_folders(path) for path in split_folders(folder))


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read every film of every split."""
    rows = [
        {"path": path, "label": label.name, "split": SPLIT_NAMES[split.name.lower()]}
        for split in split_folders(folder)
        for label in class_folders(split)
        for path in walk_films(label)
    ]
    empty = [split.name for split in split_folders(folder) if not class_folders(split)]
    notes = [f"Split folders without class folders are left out: {', '.join(empty)}."] if empty else []
    return Dataset(folder, dataset_table(rows), NAME, notes)

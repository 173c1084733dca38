"""Kaggle's form: train, val and test folders (in any case), each with class folders; its splits are kept."""

import pathlib

from keras_cxr.data.folders import subfolders, walk_films
from keras_cxr.data.layouts.class_folders import class_folders
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import Dataset, dataset_table

NAME = "split folders of class folders"
SPLIT_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}


def split_folders(folder: pathlib.Path) -> dict[str, pathlib.Path]:
    """The split folders of ``folder`` that hold class folders, by split."""
    found = {SPLIT_NAMES[path.name.lower()]: path for path in subfolders(folder) if path.name.lower() in SPLIT_NAMES}
    return {split: path for split, path in found.items() if class_folders(path)}


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether ``folder`` holds a train folder, or a test folder alone, of class folders."""
    return bool(split_folders(folder))


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read every film of every split."""
    rows = [
        {"path": path, "label": label.name, "split": split}
        for split, split_folder in split_folders(folder).items()
        for label in class_folders(split_folder)
        for path in walk_films(label)
    ]
    return Dataset(folder, dataset_table(rows), NAME)

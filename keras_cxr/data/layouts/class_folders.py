"""A folder of class folders: the folder's name is the label of every film below it."""

import pathlib

from keras_cxr.data.folders import MASK_FOLDERS, subfolders, walk_films
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import SPLIT_NAMES, Dataset, dataset_table

NAME = "class folders"
NEEDS = "a folder of films a class"
# What lies beside class folders in published data sets and in this package's phantoms, and is no class.
NO_CLASSES = {*MASK_FOLDERS, *SPLIT_NAMES, "images", "unknown_images", "unknown", "__macosx"}


def class_folders(folder: pathlib.Path) -> list[pathlib.Path]:
    """The folders directly in ``folder`` that hold films."""
    named = [path for path in subfolders(folder) if path.name.lower() not in NO_CLASSES]
    return [path for path in named if next(walk_films(path), None)]


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether ``folder`` holds class folders."""
    return bool(class_folders(folder))


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read every film below the class folders."""
    classes = class_folders(folder)
    rows = [{"path": path, "label": label.name} for label in classes for path in walk_films(label)]
    empty = [path.name for path in subfolders(folder) if path not in classes and path.name.lower() not in NO_CLASSES]
    notes = [f"Folders without a film are no class: {', '.join(empty)}."] if empty else []
    return Dataset(folder, dataset_table(rows), NAME, notes)

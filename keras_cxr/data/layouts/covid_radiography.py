"""COVID-19 Radiography Database (version 4): a folder a class, in it images and, under the same names, lung masks.

Rahman T. et al., Exploring the Effect of Image Enhancement Techniques on COVID-19 Detection Using Chest X-ray Images,
Computers in Biology and Medicine 2021. Films have 299 pixels a side, masks 256.
"""

import pathlib

from keras_cxr.data.layouts.class_folders import class_folders
from keras_cxr.data.layouts.class_folders import read as read_class_folders
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import Dataset

NAME = "COVID-19 Radiography Database"
NEEDS = "at least two folders of classes with images and masks in each"


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether at least two class folders hold images and masks."""
    classes = class_folders(folder)
    return sum((path / "images").is_dir() and (path / "masks").is_dir() for path in classes) >= 2


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read the class folders and each film's mask, '' where there is none."""
    dataset = read_class_folders(folder, options)
    masks = [pathlib.Path(path).parent.parent / "masks" / pathlib.Path(path).name for path in dataset.table["path"]]
    dataset.table["mask"] = [str(mask) if mask.is_file() else "" for mask in masks]
    dataset.layout = NAME
    return dataset

"""Kermany's films in three classes: normal, bacteria, virus. Only by name, --layout kermany3."""

import pathlib

from keras_cxr.data.layouts.kermany import NAME as TWO_CLASSES
from keras_cxr.data.layouts.kermany import NEEDS as NEEDS
from keras_cxr.data.layouts.kermany import matches as is_kermany
from keras_cxr.data.layouts.kermany import read as read_kermany
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.table import Dataset

NAME = f"{TWO_CLASSES} in three classes"


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether this layout is asked for and there."""
    return options.layout is not None and is_kermany(folder, options)


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read the films with ``kind`` as their label; those whose name does not tell it are counted in a note."""
    dataset = read_kermany(folder, options)
    told = dataset.table["kind"] != ""
    if not told.all():
        dataset.notes.append(f"{int((~told).sum())} films do not tell bacteria from virus and are left out.")
    dataset.table = dataset.table[told].reset_index(drop=True).assign(label=lambda table: table["kind"])
    dataset.layout = NAME
    return dataset

"""A folder whose films carry their label in the file name, told by a regular expression."""

import pathlib

from keras_cxr.data.folders import no_films, walk_films
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.patients import compile_group
from keras_cxr.data.table import Dataset, dataset_table
from keras_cxr.errors import CxrError

NAME = "labels in file names"
NEEDS = "--label-pattern"


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether a label pattern was given."""
    return options.label_pattern is not None


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read every film whose name matches ``--label-pattern``; the others are counted in a note.

    Raises:
        CxrError: No film, or no name matches.
    """
    pattern = compile_group(options.label_pattern, "label", "--label-pattern")
    rows, unmatched = [], []
    for path in walk_films(folder):
        found = pattern.search(pathlib.Path(path).name)
        if found and found.group("label"):
            rows.append({"path": path, "label": found.group("label")})
        else:
            unmatched.append(pathlib.Path(path).name)
    if not rows and not unmatched:
        raise no_films(folder)
    if not rows:
        raise CxrError(
            f"No file name in '{folder}' matches --label-pattern {options.label_pattern}. "
            f"First name there: {unmatched[0]}"
        )
    notes = []
    if unmatched:
        notes = [f"{len(unmatched)} file names do not match --label-pattern and are left out, first: {unmatched[0]}"]
    return Dataset(folder, dataset_table(rows), NAME, notes)

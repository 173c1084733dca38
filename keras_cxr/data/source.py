"""A folder of labelled films, in any known layout, to a dataset table."""

import os
import pathlib

import pandas as pd

from keras_cxr.data.folders import existing_folder, no_films, walk_films
from keras_cxr.data.layouts import LAYOUTS
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.patients import patients_from_names
from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError


def read_dataset(folder: str | os.PathLike, options: LabelOptions | None = None) -> Dataset:
    """Read the dataset table of a folder: layout recognised, labels renamed, patients found.

    Raises:
        CxrError: No such folder, no film in it, or no label to be found.
    """
    options = options or LabelOptions()
    root = existing_folder(folder, "The data folder")
    layout = next((layout for layout in LAYOUTS if layout.matches(root, options)), None)
    if layout is None:
        if next(walk_films(root), None) is None:
            raise no_films(root)
        raise CxrError(
            f"No labels in '{folder}': its films lie in no class folders and there is no labels.csv. "
            "Give --labels FILE.csv or --label-pattern '(?P<label>sick|normal)'."
        )
    dataset = layout.read(root, options)
    _rename(dataset, dict(options.renamed))
    _find_patients(dataset, options.patient_pattern)
    return dataset


def _rename(dataset: Dataset, renamed: dict[str, str]) -> None:
    table = dataset.table
    by_lower = {old.lower(): new for old, new in renamed.items()}
    unused = [old for old in renamed if old.lower() not in set(table["label"].str.lower())]
    if unused:
        dataset.notes.append(f"--map names labels that do not occur: {', '.join(unused)}.")
    table["label"] = table["label"].map(lambda label: by_lower.get(label.lower(), label))


def _find_patients(dataset: Dataset, pattern: str | None) -> None:
    table = dataset.table
    if pattern or (table["patient"] == "").all():
        table["patient"] = patients_from_names(table["path"].map(lambda path: pathlib.Path(path).name), pattern)
    unknown = int((table["patient"] == "").sum())
    if unknown == len(table):
        dataset.notes.append(
            "No patient is known: films of one patient may fall into different splits, and scores may flatter. "
            "Give --patient-pattern or a patient column."
        )
    elif unknown:
        dataset.notes.append(f"{unknown} films of unknown patient; each is taken for a patient of its own.")


def patient_groups(table: pd.DataFrame) -> pd.Series:
    """Each film's patient, its path where the patient is not known, so that each such film is its own group."""
    return table["patient"].where(table["patient"] != "", table["path"])

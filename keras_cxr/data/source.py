"""A folder of labelled films, in any known layout, to a dataset table."""

import os
import pathlib
from types import ModuleType

import pandas as pd

from keras_cxr.data.exclude import exclude_films
from keras_cxr.data.folders import existing_folder, no_films, walk_films
from keras_cxr.data.headers import add_header_facts
from keras_cxr.data.layouts import GENERAL, LAYOUTS, TOLD, labels_csv
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.patients import patients_from_names
from keras_cxr.data.table import Dataset, dataset_table
from keras_cxr.errors import CxrError, UsageError, unknown_name

AUTO = "auto"


def read_dataset(folder: str | os.PathLike, options: LabelOptions | None = None, labelled: bool = True) -> Dataset:
    """Read the dataset table of a folder: layout recognised, labels renamed, headers read, patients found.

    Args:
        folder: The data set.
        options: What the user says of it.
        labelled: Whether films without labels are refused; otherwise their label is ''.

    Raises:
        CxrError: No such folder, no film in it or left of it, no label to be found, or another layout than the one
            named.
        UsageError: An unknown layout or finding.
    """
    options = options or LabelOptions()
    root = existing_folder(folder, "The data folder")
    named = options.layout not in (None, AUTO)
    layout = _named_layout(root, options) if named else _recognised_layout(root, options)
    if layout is None:
        if next(walk_films(root), None) is None:
            raise no_films(root)
        if labelled:
            raise no_labels(folder)
        rows = [{"path": path} for path in walk_films(root)]
        dataset = Dataset(root, dataset_table(rows), "films without labels")
    else:
        dataset = layout.read(root, options)
    if options.exclude is not None:
        exclude_films(dataset, options.exclude)
    if options.finding and "findings" not in dataset.table:
        dataset.notes.append(f"--finding is passed over: these films come without findings ({dataset.layout}).")
    _rename(dataset, dict(options.renamed))
    add_header_facts(dataset, options.frontal_only, options.keep_patient_ids)
    _find_patients(dataset, options.patient_pattern)
    return dataset


def no_labels(folder: str | os.PathLike) -> CxrError:
    """The error for films whose labels are nowhere to be found."""
    return CxrError(
        f"No labels in '{folder}': its films lie in no class folders and there is no labels.csv. "
        "Give --labels FILE.csv or --label-pattern '(?P<label>sick|normal)'."
    )


def _recognised_layout(root: pathlib.Path, options: LabelOptions) -> ModuleType | None:
    own = options.labels is not None or options.label_pattern is not None or (root / labels_csv.BESIDE).is_file()
    layouts = GENERAL if own else LAYOUTS
    return next((layout for layout in layouts.values() if layout.matches(root, options)), None)


def _named_layout(root: pathlib.Path, options: LabelOptions) -> ModuleType:
    name = options.layout.lower().replace("_", "-")
    if name not in LAYOUTS:
        raise unknown_name("layout", options.layout, LAYOUTS)
    if name not in TOLD and (options.labels is not None or options.label_pattern is not None):
        raise UsageError(f"The layout '{name}' brings its own labels: leave out --layout, or --labels/--label-pattern.")
    if not LAYOUTS[name].matches(root, options):
        raise CxrError(f"The folder '{root}' does not have the layout '{name}', which needs {LAYOUTS[name].NEEDS}.")
    return LAYOUTS[name]


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

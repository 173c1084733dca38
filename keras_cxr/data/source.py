"""A folder of labelled films, in any known layout, to a dataset table."""

import os
import pathlib
from collections.abc import Sequence
from types import ModuleType

import pandas as pd

from keras_cxr.data.exclude import exclude_films
from keras_cxr.data.folders import existing_folder, no_films, walk_films
from keras_cxr.data.headers import add_header_facts
from keras_cxr.data.layouts import GENERAL, LAYOUTS, TOLD, labels_csv
from keras_cxr.data.layouts.multi_label import label_by_set
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.mapping import check_labels, check_names, read_map, rename_labels
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
            named; a map file that cannot be read.
        UsageError: An unknown layout or finding; a map file that cannot be meant.
    """
    return read_datasets([folder], options, labelled)[0]


def read_datasets(
    folders: Sequence[str | os.PathLike], options: LabelOptions | None = None, labelled: bool = True
) -> list[Dataset]:
    """Read several data sets as ``read_dataset`` does; a map file's names are held against all of them together."""
    options = options or LabelOptions()
    roots = [existing_folder(folder, "The data folder") for folder in folders]
    label_map, file, notes = {}, options.map_file, []
    if file is not None:
        label_map = read_map(file)
        notes = check_names(label_map, file, [root.name for root in roots])
    datasets = [_films(root, folder, options, labelled) for root, folder in zip(roots, folders, strict=True)]
    labels: dict[str, set[str]] = {}
    for dataset in datasets:
        labels.setdefault(dataset.root.name, set()).update(dataset.table["label"])
    check_labels(label_map, file, labels)
    for dataset in datasets:
        dataset.notes.extend(notes)
        if options.exclude is not None:
            exclude_films(dataset, options.exclude)
        if options.finding and "findings" not in dataset.table:
            dataset.notes.append(f"--finding is passed over: these films come without findings ({dataset.layout}).")
        # Of sets of findings each name is renamed, where they are read.
        rename_labels(dataset, () if dataset.multi_label else options.renamed, label_map, file)
        add_header_facts(dataset, options.frontal_only, options.keep_patient_ids)
        _find_patients(dataset, options.patient_pattern)
    return datasets


def _films(root: pathlib.Path, folder: str | os.PathLike, options: LabelOptions, labelled: bool) -> Dataset:
    """The films as the layout reads them; ``folder`` is the user's word for ``root``."""
    named = options.layout not in (None, AUTO)
    layout = _named_layout(root, options) if named else _recognised_layout(root, options)
    if layout is not None:
        dataset = layout.read(root, options)
        if options.multi_label:
            label_by_set(dataset, options)
        return dataset
    if next(walk_films(root), None) is None:
        raise no_films(root)
    if labelled:
        raise no_labels(folder)
    rows = [{"path": path} for path in walk_films(root)]
    return Dataset(root, dataset_table(rows), "films without labels")


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

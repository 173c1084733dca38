"""RSNA Pneumonia Detection Challenge (2018) as Kaggle publishes it: one DICOM film a patient, a row a box.

Shih G. et al., Augmenting the National Institutes of Health Chest Radiograph Dataset with Expert Annotations of
Possible Pneumonia, Radiology: Artificial Intelligence 2019.
"""

import pathlib

import pandas as pd

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.layouts.published import add_films, boxes_of, read_published
from keras_cxr.data.table import Dataset, dataset_table

NAME = "RSNA Pneumonia Detection Challenge"
LABELS, DETAILS = "stage_2_train_labels.csv", "stage_2_detailed_class_info.csv"
NEEDS = LABELS
BOX = ("x", "y", "width", "height")


def matches(folder: pathlib.Path, options: LabelOptions) -> bool:
    """Whether the challenge's table of boxes lies in ``folder``."""
    return (folder / LABELS).is_file()


def read(folder: pathlib.Path, options: LabelOptions) -> Dataset:
    """Read PNEUMONIA and NO PNEUMONIA, the boxes, and the detailed class where its table is there.

    NO PNEUMONIA also holds films with other findings; ``detail`` tells them from the normal ones.

    Raises:
        CxrError: A table is not as published, or none of its films is there.
    """
    dataset = Dataset(folder, dataset_table([]), NAME)
    content = read_published(folder / LABELS, ("patientId", *BOX, "Target"))
    sick = pd.to_numeric(content["Target"], errors="coerce") == 1
    boxes = boxes_of(content[sick], "patientId", BOX)
    rows = [
        {
            "image": patient,
            "patient": patient,
            "label": "PNEUMONIA" if has else "NO PNEUMONIA",
            "boxes": boxes.get(patient, []),
        }
        for patient, has in sick.groupby(content["patientId"], sort=False).any().items()
    ]
    if (folder / DETAILS).is_file():
        details = read_published(folder / DETAILS, ("patientId", "class"))
        detail = dict(zip(details["patientId"], details["class"], strict=True))
        for row in rows:
            row["detail"] = detail.get(row["patient"], "")
    add_films(dataset, rows, folder / LABELS)
    return dataset

"""The forms in which labelled films lie on disk, one file each, tried in this order."""

from keras_cxr.data.layouts import (
    chexpert,
    class_folders,
    covid_radiography,
    file_names,
    kermany,
    kermany3,
    labels_csv,
    nih,
    rsna,
    split_folders,
    vindr,
)

# Read as published, unless the user gives labels of their own.
PUBLISHED = {
    "rsna": rsna,
    "nih": nih,
    "chexpert": chexpert,
    "vindr": vindr,
    "covid-radiography": covid_radiography,
    "kermany3": kermany3,
    "kermany": kermany,
}
GENERAL = {
    "file-names": file_names,
    "labels-csv": labels_csv,
    "split-folders": split_folders,
    "class-folders": class_folders,
}
LAYOUTS = PUBLISHED | GENERAL
# Those that read labels which the user tells of, by --label-pattern and --labels.
TOLD = ("file-names", "labels-csv")

"""What the user says about a data set's labels; everything is found out where nothing is said."""

import dataclasses
import pathlib

from keras_cxr.errors import UsageError


@dataclasses.dataclass(frozen=True)
class LabelOptions:
    """How to read labels, patients and splits.

    Attributes:
        labels: A CSV file with one row a film.
        image_column, label_column, patient_column, split_column: Its columns, where their names are unusual.
        label_pattern: Regular expression with a named group ``label`` for labels in file names.
        patient_pattern: Regular expression with a named group ``patient``.
        renamed: Labels to rename, old to new.
        map_file: A YAML file of labels to rename, by data set; see ``data.mapping``.
        layout: Name of the layout, instead of recognising it; None or 'auto' to do that.
        frontal_only: Leave out films that are lateral or no chest films, by header or label file.
        keep_patient_ids: Take patient IDs from DICOM headers as they are, instead of a salted hash.
        finding: The finding that is the positive class, where films come with a list of findings.
        multi_label: The column of findings, 'Effusion|Mass', each of which is to be a class of its own; '' for none.
        exclude: A CSV file of films to leave out; see ``data.exclude``.

    Raises:
        UsageError: ``multi_label`` with ``finding`` or ``map_file``.
    """

    labels: pathlib.Path | None = None
    image_column: str | None = None
    label_column: str | None = None
    patient_column: str | None = None
    split_column: str | None = None
    label_pattern: str | None = None
    patient_pattern: str | None = None
    renamed: tuple[tuple[str, str], ...] = ()
    map_file: pathlib.Path | None = None
    layout: str | None = None
    frontal_only: bool = False
    keep_patient_ids: bool = False
    finding: str | None = None
    multi_label: str = ""
    exclude: pathlib.Path | None = None

    def __post_init__(self):
        for option, value in (("--finding", self.finding), ("--map-file", self.map_file)):
            if self.multi_label and value is not None:
                raise UsageError(f"--multi-label {self.multi_label} goes without {option}. Received: {value}.")

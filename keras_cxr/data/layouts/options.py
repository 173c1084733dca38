"""What the user says about a data set's labels; everything is found out where nothing is said."""

import dataclasses
import pathlib


@dataclasses.dataclass(frozen=True)
class LabelOptions:
    """How to read labels, patients and splits.

    Attributes:
        labels: A CSV file with one row a film.
        image_column, label_column, patient_column, split_column: Its columns, where their names are unusual.
        label_pattern: Regular expression with a named group ``label`` for labels in file names.
        patient_pattern: Regular expression with a named group ``patient``.
        renamed: Labels to rename, old to new.
        layout: Name of the layout, instead of recognising it; None or 'auto' to do that.
        frontal_only: Leave out films that are lateral or no chest films, by header or label file.
        keep_patient_ids: Take patient IDs from DICOM headers as they are, instead of a salted hash.
        finding: The finding that is the positive class, where films come with a list of findings.
        exclude: A CSV file of films to leave out; see ``data.exclude``.
    """

    labels: pathlib.Path | None = None
    image_column: str | None = None
    label_column: str | None = None
    patient_column: str | None = None
    split_column: str | None = None
    label_pattern: str | None = None
    patient_pattern: str | None = None
    renamed: tuple[tuple[str, str], ...] = ()
    layout: str | None = None
    frontal_only: bool = False
    keep_patient_ids: bool = False
    finding: str | None = None
    exclude: pathlib.Path | None = None

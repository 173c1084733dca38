"""``runtimes/`` of a saved model: the runtimes' files, what they were made from, and how they did."""

import dataclasses
import hashlib
import json
import pathlib
import zipfile

import numpy as np

from keras_cxr.models.saved_model import NETWORK, SavedModel

FOLDER, RECORD, REFERENCE = "runtimes", "runtimes.json", "reference.npz"
FORM = 1


@dataclasses.dataclass
class Entry:
    """One runtime at one precision.

    Attributes:
        runtime, precision: Which.
        files: Names in the folder.
        films_per_second: Measured where it was written.
        largest_difference: In a probability, from Keras, on the reference films.
        labels_agree: Share of the validation films (of the reference films where none were at hand).
        auroc_before, auroc_after: Of the validation films, by Keras and by this; None where it is not known.
        auto: Whether ``--runtime auto`` may take it.
        versions: Of the runtime's packages.
    """

    runtime: str
    precision: str
    files: list[str]
    films_per_second: float
    largest_difference: float
    labels_agree: float
    auroc_before: float | None
    auroc_after: float | None
    auto: bool
    versions: dict[str, str]

    @property
    def name(self) -> str:
        """Both, for the user."""
        return f"{self.runtime} {self.precision}"


@dataclasses.dataclass
class Record:
    """What ``runtimes.json`` holds.

    Attributes:
        network: SHA-256 of the ``model.keras`` that the files were made from.
        films: What the calibration and validation films are.
        gpu: Whether Keras was measured on a GPU.
        entries: Keras and every file that was kept.
        refused: A line for each that was not.
        form: Of this file.
    """

    network: str
    films: str
    gpu: bool
    entries: list[Entry]
    refused: list[str]
    form: int = FORM


def network_fingerprint(model: SavedModel) -> str:
    """SHA-256 of the model's ``model.keras``, '' where it has none."""
    file = model.folder / NETWORK
    if not file.is_file():
        return ""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_record(folder: pathlib.Path) -> Record | None:
    """The record in ``folder``; None where there is none, or one that is damaged or of another form."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if content["form"] != FORM:
            return None
        return Record(**{**content, "entries": [Entry(**entry) for entry in content["entries"]]})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_reference(folder: pathlib.Path, films: np.ndarray, logits: np.ndarray) -> None:
    """Write the reference films (n, size, size, 1) uint8 and Keras's logits (n, units) for them."""
    np.savez_compressed(folder / REFERENCE, films=films, logits=logits)


def read_reference(folder: pathlib.Path) -> tuple[np.ndarray, np.ndarray] | None:
    """What ``write_reference`` wrote; None where it is missing or damaged."""
    try:
        with np.load(folder / REFERENCE) as content:
            return content["films"], content["logits"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None

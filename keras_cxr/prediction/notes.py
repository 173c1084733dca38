"""The notes of an evaluation as a file."""

import pathlib
from collections.abc import Iterable

from keras_cxr.files import write_text

NOTES = "notes.txt"


def write_notes(output: pathlib.Path, notes: Iterable[str]) -> None:
    """Write ``notes.txt`` to the folder ``output``: one note a line, each once."""
    write_text(output / NOTES, "".join(f"{' '.join(note.split())}\n" for note in dict.fromkeys(notes)))

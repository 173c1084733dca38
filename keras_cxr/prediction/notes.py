"""The notes of a prediction or an evaluation: what both tell, and the file of them."""

import pathlib
from collections.abc import Iterable

from keras_cxr.files import write_text
from keras_cxr.models.saved_model import SavedModel

NOTES = "notes.txt"


def write_notes(output: pathlib.Path, notes: Iterable[str]) -> None:
    """Write ``notes.txt`` to the folder ``output``: one note a line, each once."""
    write_text(output / NOTES, "".join(f"{' '.join(note.split())}\n" for note in dict.fromkeys(notes)))


def control_notes(model: SavedModel) -> list[str]:
    """What a user must know of a control with permuted labels; of another model nothing."""
    if not model.card.is_control:
        return []
    return [f"'{model.card.name}' is a control with permuted labels, not a model to use: what it says means nothing."]

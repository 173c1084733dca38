"""What an evaluation looks at beside the scores, where asked for: why they differ elsewhere, and what can be done."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable

import pandas as pd

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.table import Dataset
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.elsewhere.shift import masks_to_cover, shift_section
from keras_cxr.prediction.elsewhere.what_can_be_done import COLUMNS, Wanted, clear_tries, what_can_be_done
from keras_cxr.prediction.embedding.find_features import find_features
from keras_cxr.prediction.embedding.nearest_films import NEAREST, nearest_films
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.serving.runtimes import Run

SHIFT = ("shift.csv", "shift.png", "shift.svg")
TABLES = ("shift", *COLUMNS)


@dataclasses.dataclass(frozen=True)
class Beside:
    """What to look at beside the scores.

    Attributes:
        shift: In what data sets that the model was not trained on differ from the films of its training.
        tries: Remedies, recalibration and shortcut probe.
        masks: The films' lungs for these, where a folder of mask files was named; see also ``tries.lungs_model``.
        nearest: Training films to find for each film that the report shows.
    """

    shift: bool = False
    tries: Wanted = dataclasses.field(default_factory=Wanted)
    masks: pathlib.Path | None = None
    nearest: int = 0

    def __bool__(self) -> bool:
        return self.shift or bool(self.tries) or self.nearest > 0


def look_beside(
    model: SavedModel,
    datasets: dict[str, Dataset],
    films: dict[str, pd.DataFrame],
    predictions: dict[str, pd.DataFrame],
    output: pathlib.Path,
    wanted: Beside,
    run: Run | None = None,
    masks: LungMasks | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Write what is wanted to ``output``, and take away what an earlier evaluation left of it.

    Args:
        model: The saved model.
        datasets, films, predictions: See ``shift.shift_section``.
        output: Folder of the evaluation.
        wanted: What to look at.
        run: What computed the predictions; None: Keras.
        masks: Of a model that sees lungs alone.
        advance: Called with the number of films after each batch.

    Returns:
        The tables of ``TABLES`` that have rows, by name, and notes for the user.
    """
    clear_beside(output)
    table, notes = pd.DataFrame(), []
    if wanted.nearest:
        find = functools.partial(find_features, model, run)
        neighbours, found = nearest_films(model, films, predictions, wanted.nearest, find, masks, advance)
        notes += found
        if len(neighbours):
            write_csv(output / NEAREST, neighbours)
    if wanted.shift:
        covers = masks_to_cover(datasets, wanted.masks, wanted.tries.lungs_model)
        features = run if isinstance(run, FamiliarRun) else _embedder(model)
        table, found = shift_section(model, datasets, films, predictions, features, output, covers, masks, advance)
        notes += found
        if len(table):
            write_csv(output / SHIFT[0], table)
    sets = {name: (datasets[name], films[name]) for name in predictions}
    done = what_can_be_done(model, sets, output, wanted.tries, run, wanted.masks or masks, advance)
    tables = {"shift": table} | {name: getattr(done, name) for name in COLUMNS}
    return {name: table for name, table in tables.items() if len(table)}, [*notes, *done.notes]


def clear_beside(folder: pathlib.Path) -> None:
    """Take away what an earlier evaluation has written, which would be taken for this one's."""
    for file in (*SHIFT, NEAREST):
        (folder / file).unlink(missing_ok=True)
    clear_tries(folder)


def _embedder(model: SavedModel):
    # Loads TensorFlow, which a run with features of its own does without.
    from keras_cxr.prediction.embedding.embed import Embedder

    return Embedder(model)

"""What an evaluation looks at beside the scores, where asked for: why they differ elsewhere, and what can be done."""

import dataclasses
import pathlib
from collections.abc import Callable

import pandas as pd

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.table import Dataset
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.elsewhere.shift import masks_to_cover, shift_section
from keras_cxr.prediction.elsewhere.what_can_be_done import Wanted, what_can_be_done
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.serving.runtimes import Run

SHIFT = ("shift.csv", "shift.png", "shift.svg")


@dataclasses.dataclass(frozen=True)
class Beside:
    """What to look at beside the scores.

    Attributes:
        shift: In what data sets that the model was not trained on differ from the films of its training.
        tries: Remedies, recalibration and shortcut probe.
        masks: The films' lungs for these, where a folder of mask files was named; see also ``tries.lungs_model``.
    """

    shift: bool = False
    tries: Wanted = dataclasses.field(default_factory=Wanted)
    masks: pathlib.Path | None = None

    def __bool__(self) -> bool:
        return self.shift or bool(self.tries)


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
) -> list[str]:
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
        Notes for the user.
    """
    for file in SHIFT:
        (output / file).unlink(missing_ok=True)
    notes = []
    if wanted.shift:
        covers = masks_to_cover(datasets, wanted.masks, wanted.tries.lungs_model)
        features = run if isinstance(run, FamiliarRun) else _embedder(model)
        table, notes = shift_section(model, datasets, films, predictions, features, output, covers, masks, advance)
        if len(table):
            write_csv(output / SHIFT[0], table)
    sets = {name: (datasets[name], films[name]) for name in predictions}
    done = what_can_be_done(model, sets, output, wanted.tries, run, wanted.masks or masks, advance)
    return [*notes, *done.notes]


def _embedder(model: SavedModel):
    # Loads TensorFlow, which a run with features of its own does without.
    from keras_cxr.prediction.embedding.embed import Embedder

    return Embedder(model)

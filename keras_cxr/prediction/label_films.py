"""Film files to rows of the predictions table, a chunk at a time: decoding goes on while the network computes."""

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.models.saved_model import Card, SavedModel
from keras_cxr.prediction.runtime_record import FOLDER
from keras_cxr.prediction.runtimes import Run, find
from keras_cxr.prediction.table import predictions_table

BATCH = 32


def label_films(
    model: SavedModel,
    paths: Iterable[str],
    batch_size: int = BATCH,
    masks: LungMasks | None = None,
    frontal_only: bool = False,
    run: Run | None = None,
) -> Iterator[pd.DataFrame]:
    """Label films with a saved model, in the order of ``paths``.

    Args:
        model: The saved model; its network is loaded once.
        paths: Film files; may be endless, memory does not grow.
        batch_size: Films a step of the network.
        masks: The films' lungs, for a model that sees them alone; see ``lungs.source.masks_for``.
        frontal_only: See ``data.films.read_film``.
        run: Films to logits, of ``choose.choose``; None: Keras.

    Yields:
        Predictions tables of up to ``batch_size`` rows; ``image`` is the path. A film that cannot be read is a row
        with the reason in ``error``.
    """
    run = run or find("keras").load(model.folder / FOLDER, "float32", model.card.preprocessing["size"])
    films = read_films(paths, Preprocessing(**model.card.preprocessing), masks, frontal_only)
    while chunk := list(itertools.islice(films, batch_size)):
        good = [film.pixels for film in chunk if film.pixels is not None]
        logits = run(np.stack(good)[..., np.newaxis]) if good else np.empty((0, len(model.card.classes)))
        yield label_chunk(model.card, chunk, logits)


def label_chunk(card: Card, chunk: list[Film], logits: np.ndarray) -> pd.DataFrame:
    """Predictions table of some films, from the logits (readable films, units) of those that could be read."""
    likely = probabilities(logits, card.temperature) if len(logits) else np.empty((0, len(card.classes)))
    images, errors = [film.path for film in chunk], [film.error for film in chunk]
    return predictions_table(images, likely, card.classes, card.threshold, errors)

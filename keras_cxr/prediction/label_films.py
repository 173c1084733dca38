"""Film files to rows of the predictions table, a chunk at a time: decoding goes on while the network computes."""

import itertools
import pathlib
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import relative_name
from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.models.saved_model import Card, SavedModel
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.serving.runtime_record import FOLDER
from keras_cxr.prediction.serving.runtimes import Run, find
from keras_cxr.prediction.table import UNFAMILIARITY, predictions_table

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
        run: Films to logits, of ``choose.choose``; None: Keras. With a ``FamiliarRun`` the tables have the column
            ``unfamiliarity``.

    Yields:
        Predictions tables of up to ``batch_size`` rows; ``image`` is the path. A film that cannot be read is a row
        with the reason in ``error``.
    """
    run = run or find("keras").load(model.folder / FOLDER, "float32", model.card.preprocessing["size"])
    tells = isinstance(run, FamiliarRun)
    films = read_films(paths, Preprocessing(**model.card.preprocessing), masks, frontal_only)
    while chunk := list(itertools.islice(films, batch_size)):
        good = [film.pixels for film in chunk if film.pixels is not None]
        logits, unfamiliarity = np.empty((0, len(model.card.classes))), np.empty(0)
        if good and tells:
            logits, unfamiliarity = run.with_unfamiliarity(np.stack(good)[..., np.newaxis])
        elif good:
            logits = run(np.stack(good)[..., np.newaxis])
        yield label_chunk(model.card, chunk, logits, unfamiliarity if tells else None)


def label_dataset(
    model: SavedModel,
    films: pd.DataFrame,
    root: pathlib.Path,
    masks: LungMasks | None = None,
    run: Run | None = None,
    advance: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Label films whose truth is known: a predictions table with ``truth`` and ``patient``.

    Args:
        model: The saved model.
        films: Rows of a dataset table.
        root: The data set's folder; images and patients are named below it.
        masks, run: See ``label_films``.
        advance: Called with the number of films after each chunk.
    """
    chunks = []
    for chunk in label_films(model, films["path"], masks=masks, run=run):
        chunks.append(chunk)
        if advance:
            advance(len(chunk))
    return with_truth(pd.concat(chunks, ignore_index=True), films, root)


def with_truth(predictions: pd.DataFrame, films: pd.DataFrame, root: pathlib.Path) -> pd.DataFrame:
    """The predictions of rows of a dataset table, named below ``root``, with their ``truth`` and ``patient``."""
    table = predictions.assign(image=[relative_name(path, root) for path in predictions["image"]])
    table.insert(1, "truth", films["label"].to_numpy())
    table.insert(2, "patient", [relative_name(group, root) for group in patient_groups(films)])
    return table


def label_chunk(
    card: Card, chunk: list[Film], logits: np.ndarray, unfamiliarity: np.ndarray | None = None
) -> pd.DataFrame:
    """Predictions table of some films.

    Args:
        card: Of the model.
        chunk: The films.
        logits: (readable films, units) of those that could be read.
        unfamiliarity: (readable films,), for the column of that name; None: no such column.
    """
    likely = probabilities(logits, card.temperature, card.task) if len(logits) else np.empty((0, len(card.classes)))
    images, errors = [film.path for film in chunk], [film.error for film in chunk]
    table = predictions_table(images, likely, card.classes, card.decided_by, errors)
    if unfamiliarity is not None:
        table.insert(table.columns.get_loc("error"), UNFAMILIARITY, np.nan)
        table.loc[table["error"] == "", UNFAMILIARITY] = unfamiliarity
    return table

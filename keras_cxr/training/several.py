"""Trainings that belong together: a folder each, in one folder that tells what they are."""

import dataclasses
import pathlib

import keras
import pandas as pd

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.folds import mean_scores, side_by_side
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import CARD, RECIPE, SPLITS, SavedModel, open_model
from keras_cxr.prediction.label_films import label_dataset
from keras_cxr.prediction.serving.runtimes import Run
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.train import train

SCORES, PREDICTIONS = "scores.csv", "predictions.csv"


@dataclasses.dataclass
class Several:
    """What several trainings came to.

    Attributes:
        members: Their saved models.
        ensemble: Of them all; None where they do not see films alike.
        scores: One row a metric; see ``evaluation.folds.side_by_side``.
    """

    members: list[SavedModel]
    ensemble: SavedModel | None
    scores: pd.DataFrame


class OnceMonitor(Monitor):
    """Hands on to another monitor; a note that several trainings have, it hears once."""

    def __init__(self, other: Monitor):
        self._other, self._heard = other, set()
        self.data, self.start, self.advance, self.epoch = other.data, other.start, other.advance, other.epoch

    def note(self, text: str) -> None:
        """Hand on a note that is new."""
        if text not in self._heard:
            self._heard.add(text)
            self._other.note(text)


def train_members(
    members: dict[str, tuple[Dataset, Recipe]], folder: pathlib.Path, monitor: Monitor, resume: bool
) -> list[SavedModel]:
    """Train each of ``members`` into a folder of its name below ``folder``.

    Args:
        members: By name, the data set and the recipe.
        folder: Of them all; checked and begun by the caller.
        monitor: Told what happens.
        resume: Keep the members that are finished, and go on with the one that is not.

    Raises:
        CxrError, UsageError: As ``train``; a folder in which no member was begun is then taken away.
    """
    models = []
    for place, (name, (dataset, recipe)) in enumerate(members.items(), 1):
        own = folder / name
        if (own / CARD).is_file():
            models.append(open_model(own))
            monitor.note(f"{own} is finished.")
            continue
        monitor.note(f"Training {own}, {place} of {len(members)}.")
        # What the trainings before this one left in Keras would slow it down and name its layers otherwise.
        keras.utils.clear_session()
        try:
            models.append(train(dataset, recipe, own, monitor, resume, runtimes=False))
        except CxrError:
            _take_away(folder)
            raise
    return models


def _take_away(folder: pathlib.Path) -> None:
    """A fault that is found before the first training begins leaves nothing behind."""
    if not any(path.is_dir() for path in folder.iterdir()):
        for name in (RECIPE, SPLITS):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()


def labelled(
    model: SavedModel,
    films: pd.DataFrame,
    root: pathlib.Path,
    masks: LungMasks | None,
    monitor: Monitor,
    run: Run | None = None,
) -> pd.DataFrame:
    """Predictions table, with ``truth`` and ``patient``, of some rows of a dataset table.

    ``run`` computes the logits of a model that is not finished; None: its own network.
    """
    monitor.start(f"Labelling by {model.card.name}", len(films))
    return label_dataset(model, films, root, masks, run, monitor.advance)


def write_scores(folder: pathlib.Path, whole: pd.DataFrame, runs: dict[str, pd.DataFrame], what: str) -> pd.DataFrame:
    """Write ``scores.csv``: of the whole, the mean over the trainings, and each of them.

    Args:
        folder: Where.
        whole: Scores table of all predictions together, or of the ensemble.
        runs: Scores tables by the trainings' names.
        what: The trainings in words, such as 'folds'.

    Returns:
        The same as one table to print; see ``evaluation.folds.side_by_side``.
    """
    mean = mean_scores(list(runs.values()), f"mean of {len(runs)} {what}", folder.name)
    write_csv(folder / SCORES, pd.concat([whole, mean, *runs.values()], ignore_index=True))
    return side_by_side(whole, mean, runs)

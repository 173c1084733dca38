"""The folder of a training: whether it may be written to, and what it holds from the start."""

import pathlib

import pandas as pd

from keras_cxr.data.record import read_splits
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import CARD, RECIPE, SPLITS
from keras_cxr.training.recipe import Recipe, differences
from keras_cxr.training.recipe_file import read_recipe, write_recipe


def check_folder(folder: pathlib.Path, recipe: Recipe, resume: bool) -> None:
    """Whether a training of ``recipe`` may write to ``folder``.

    Raises:
        CxrError: It holds a finished model, an unfinished one that is not to be resumed, or something else.
        UsageError: Resuming, its recipe is another.
    """
    if (folder / CARD).is_file():
        raise CxrError(f"'{folder}' holds a finished model. Choose another --name, or delete the folder.")
    if not (folder / RECIPE).is_file():
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise CxrError(f"'{folder}' is there already and is no model of this program. Choose another --name.")
        return
    if not resume:
        raise CxrError(f"'{folder}' holds an unfinished training. Go on with --resume, or choose another --name.")
    changed = differences(read_recipe(folder / RECIPE), recipe)
    if changed:
        raise UsageError(
            f"'{folder}' was begun with other settings ({'; '.join(changed)}). Give the same to --resume it."
        )


def begin_folder(folder: pathlib.Path, recipe: Recipe, splits: pd.DataFrame, decided_by: str = "The films") -> None:
    """Write recipe and splits; resuming, hold the splits against those there.

    Args:
        folder: Of the training.
        recipe: Of the training.
        splits: What ``splits.csv`` is to hold.
        decided_by: What decides the splits, for the message.

    Raises:
        CxrError: Resuming, the splits are others.
    """
    if (folder / SPLITS).is_file() and not read_splits(folder / SPLITS).equals(splits.astype(str)):
        raise CxrError(
            f"{decided_by} have changed since '{folder}' was begun: it cannot be resumed. Choose another --name."
        )
    # The recipe first: a folder with a recipe is known for an unfinished training wherever it was cut off.
    write_recipe(folder / RECIPE, recipe)
    write_csv(folder / SPLITS, splits)

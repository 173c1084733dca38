"""The folder of a training: whether it may be written to, and what it holds from the start."""

import pathlib

import pandas as pd

from keras_cxr.data.record import splits_table
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.files import write_csv
from keras_cxr.models.saved_model import CARD, RECIPE, SPLITS
from keras_cxr.training.prepare import Prepared
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


def open_folder(folder: pathlib.Path, recipe: Recipe, data: Prepared) -> None:
    """Write what the training begins with: splits and recipe; resuming, hold the films against the splits there."""
    splits = splits_table(data.dataset)
    if (folder / SPLITS).is_file():
        before = pd.read_csv(folder / SPLITS, dtype=str, keep_default_na=False, encoding_errors="surrogateescape")
        if not before.equals(splits.astype(str)):
            raise CxrError(f"The films have changed since '{folder}' was begun: it cannot be resumed. Train anew.")
    # The recipe first: a folder with a recipe is known for an unfinished training wherever it was cut off.
    write_recipe(folder / RECIPE, recipe)
    write_csv(folder / SPLITS, splits)

"""Where the masks for ``--lungs`` come from: files, a data set's own, or a lung model."""

import pathlib
from collections.abc import Mapping

import numpy as np

from keras_cxr.data.lungs import LungMasks, masks_by_file, masks_in_folder
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.lungs.find import LungFinder
from keras_cxr.models.saved_model import SavedModel

OWN = "lungs"


def lung_masks(
    mode: str,
    folder: str | pathlib.Path | None = None,
    model: str | pathlib.Path | None = None,
    known: Mapping[str, str] | None = None,
) -> LungMasks | None:
    """Masks for ``preprocessing.lungs`` = ``mode``; None where it is 'none'.

    Args:
        mode: 'none', 'crop' or 'mask'.
        folder: Mask files, found by the films' base names.
        model: A lung model's folder.
        known: The data set's own masks: film path to mask path, '' where it has none.

    Raises:
        UsageError: A mode that needs masks and no place to take them from.
        CxrError: The folder or the model cannot be read.
    """
    if mode == "none":
        return None
    if folder is not None:
        return masks_in_folder(folder)
    if model is not None:
        return _masks_found(LungFinder(model))
    if known and any(known.values()):
        return masks_by_file(known)
    raise UsageError(
        f"--lungs {mode} needs masks: give --lung-masks FOLDER or --lungs-model FOLDER "
        "(train one with 'keras-cxr lungs train')."
    )


def masks_for(model: SavedModel, folder: str | pathlib.Path | None = None) -> LungMasks | None:
    """Masks for films that ``model`` is to read: from ``folder``, else from the lung model that it carries.

    Raises:
        CxrError: It sees lungs alone, carries no lung model, and no folder was given.
    """
    mode = model.card.preprocessing.get("lungs", "none")
    own = model.folder / OWN
    if mode == "none" or folder is not None or own.is_dir():
        return lung_masks(mode, folder, own)
    raise CxrError(f"{model.card.name} was trained on lungs alone, with masks from files: give --lung-masks FOLDER.")


def _masks_found(finder: LungFinder) -> LungMasks:
    def mask(path: str, gray: np.ndarray) -> np.ndarray:
        found, _ = finder.mask(gray)
        if not found.any():
            raise CxrError("no lungs were found in it")
        return found

    return mask

"""The films of a saved model's training that are at hand, by which outside films are judged."""

import numpy as np
import pandas as pd

from keras_cxr.data.record import read_splits
from keras_cxr.data.table import Dataset
from keras_cxr.models.saved_model import SPLITS, SavedModel
from keras_cxr.prediction.own_films import find_again

COLUMNS = ["path", "label", "patient", "split"]


def training_labels(model: SavedModel) -> pd.DataFrame:
    """``label``, ``patient`` and ``split`` of every film that was trained or chosen by; empty without splits.csv."""
    file = model.folder / SPLITS
    if not file.is_file():
        return pd.DataFrame(columns=COLUMNS[1:])
    splits = read_splits(file)
    return splits.loc[splits["split"].isin(["train", "val"]), COLUMNS[1:]].reset_index(drop=True)


def reference_films(model: SavedModel, datasets: list[Dataset], most: int, seed: int = 0) -> pd.DataFrame:
    """Validation films, and where they are fewer than ``most`` training films too, known by content.

    Args:
        model: The saved model.
        datasets: Where the films may lie, if they are no more where the model was trained.
        most: Films, drawn by chance.
        seed: Of the draw.

    Returns:
        ``COLUMNS``, one row a film; empty where none is at hand or the model has no ``splits.csv``.
    """
    file = model.folder / SPLITS
    if not file.is_file():
        return pd.DataFrame(columns=COLUMNS)
    splits = read_splits(file).drop_duplicates("sha256")
    order = np.random.default_rng(seed).permutation(len(splits))
    splits = splits.iloc[order].sort_values("split", key=lambda split: split == "train", kind="stable")
    films = splits[splits["split"].isin(["train", "val"])][:most]
    films = films.assign(path=find_again(model, films, datasets, every=False))
    # A film of unknown patient is a patient of its own.
    films["patient"] = films["patient"].where(films["patient"] != "", films["path"])
    return films.loc[films["path"].notna(), COLUMNS].reset_index(drop=True)

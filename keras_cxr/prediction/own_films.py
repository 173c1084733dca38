"""Which films of a data set a saved model has seen: an evaluation must not score what it was trained on."""

import dataclasses
import os

import pandas as pd

from keras_cxr.data.fingerprints import content_hashes
from keras_cxr.data.record import read_splits
from keras_cxr.data.table import SPLITS, Dataset
from keras_cxr.errors import CxrError
from keras_cxr.models.saved_model import SPLITS as SPLITS_FILE
from keras_cxr.models.saved_model import SavedModel


def films_to_score(model: SavedModel, dataset: Dataset, split: str | None = None) -> tuple[pd.DataFrame, list[str]]:
    """Choose the films of a data set to evaluate on, by content, whatever their names.

    Args:
        model: With ``splits.csv`` in its folder; without it nothing can be known, and a note says so.
        dataset: A labelled data set.
        split: 'train', 'val' or 'test' (the model's own split where the set is the one it was trained on, the data
            set's otherwise), 'all', or None: the model's test split of its own set, of another set every film.
            What the model was trained on is left out of another set in any case.

    Returns:
        The rows of the dataset table to score, and notes for the user.

    Raises:
        CxrError: The chosen split has no film.
    """
    table = dataset.table
    own = own_splits(model, table)
    if own is None:
        return _by_split(table, table["split"], split, dataset), [
            f"{model.card.name} has no {SPLITS_FILE}: it cannot be told which films it has seen."
        ]
    seen = own.isin(["train", "val"])
    if is_own(own):
        chosen = _by_split(table, own, split or "test", dataset)
        return chosen, [
            f"{dataset.root.name} is the data {model.card.name} was trained on: its {split or 'test'} split is scored."
        ]
    chosen = _by_split(table, table["split"], split, dataset)
    seen = seen.loc[chosen.index]
    if not seen.any():
        return chosen, []
    return chosen[~seen], [
        f"{int(seen.sum())} films of {dataset.root.name} are left out: {model.card.name} was trained on them."
    ]


def with_content(dataset: Dataset) -> Dataset:
    """The data set with the column ``sha256`` in its table, from which ``own_splits`` takes the films' content."""
    if "sha256" in dataset.table:
        return dataset
    return dataclasses.replace(dataset, table=dataset.table.assign(sha256=_content(dataset.table)))


def own_splits(model: SavedModel, table: pd.DataFrame) -> pd.Series | None:
    """Each film's split in the model's training, by content, '' where it was no part of it.

    The content is that of the column ``sha256``, where the table has it. None where the model has no ``splits.csv``.
    """
    file = model.folder / SPLITS_FILE
    if not file.is_file():
        return None
    splits = read_splits(file)
    # The same film may lie in two splits of a data set that brings its own: then it was trained on.
    splits = splits.sort_values("split", key=lambda split: split == "test", kind="stable")
    known = splits.drop_duplicates("sha256").set_index("sha256")["split"]
    return _content(table).map(known).fillna("")


def _content(table: pd.DataFrame) -> pd.Series:
    """The SHA-256 of each film, read where the table does not have it."""
    return table["sha256"] if "sha256" in table else pd.Series(content_hashes(table["path"]), index=table.index)


def find_again(model: SavedModel, films: pd.DataFrame, datasets: list[Dataset], every: bool) -> pd.Series:
    """Where films of a model's ``splits.csv`` lie now, by content: where it was trained, else in the data sets.

    Args:
        model: Its card names the folder of the films.
        films: Rows of ``splits.csv``.
        datasets: Looked through where the folder has none of the films any more or, with ``every``, not all of them.
        every: Whether each film is wanted.

    Returns:
        Paths in the order of ``films``, NaN for a film that is not found.
    """
    paths = [os.path.join(model.card.data["folder"], image) for image in films["image"]]
    there = dict(zip(content_hashes(paths), paths, strict=True))
    found = films["sha256"].isin(there.keys())
    if not (found.all() if every else found.any()):
        for dataset in datasets:
            there |= dict(zip(_content(dataset.table), dataset.table["path"], strict=True))
    return films["sha256"].map(there)


def is_own(own: pd.Series) -> bool:
    """Whether a data set, by the ``own_splits`` of its films, is the one that the model was trained on."""
    return bool((own != "").mean() >= 0.5)


def was_trained_on(model: SavedModel, table: pd.DataFrame) -> bool:
    """Whether the model was trained on the data set that these rows are of, as far as can be known."""
    own = own_splits(model, table)
    return own is not None and is_own(own)


def _by_split(table: pd.DataFrame, splits: pd.Series, split: str | None, dataset: Dataset) -> pd.DataFrame:
    if split in (None, "all"):
        return table
    chosen = table[splits == split]
    if not len(chosen):
        there = ", ".join(name for name in SPLITS if (splits == name).any()) or "none"
        raise CxrError(f"No film of '{dataset.root}' is in the {split} split (there: {there}). Try --split all.")
    return chosen

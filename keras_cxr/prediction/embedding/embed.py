"""Saved model and data sets to embeddings: a feature vector a film, labelled or not, with what the model says of it."""

import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_cxr.data.films import read_film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import Dataset, dataset_names, relative_name
from keras_cxr.errors import CxrError
from keras_cxr.files import whole_file, write_csv
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.label_films import BATCH, label_chunk
from keras_cxr.prediction.own_films import own_splits
from keras_cxr.prediction.serving.feature_runtime import FeatureRuntime
from keras_cxr.prediction.stored_features import FeatureRun

COLUMNS = ["dataset", "image", "label", "patient", "split", "predicted", "error"]


@dataclasses.dataclass
class Embeddings:
    """The vectors of some films.

    Attributes:
        films: ``COLUMNS`` (``label``, ``patient``, ``split`` and ``predicted`` are '' where unknown), and ``path`` and
            ``sha256`` of the file.
        vectors: (films, width) float32 in the order of ``films``; NaN for films that could not be read.
        layer: Whose output they are.
        notes: Lines for the user.
    """

    films: pd.DataFrame
    vectors: np.ndarray
    layer: str
    notes: list[str]

    @property
    def good(self) -> np.ndarray:
        """(films,) bool: which could be read."""
        return (self.films["error"] == "").to_numpy()


class Embedder:
    """A saved model's films to vectors and logits; the network is loaded once."""

    def __init__(
        self,
        model: SavedModel,
        layer: str | None = None,
        feature_cache: bool = True,
        masks: LungMasks | None = None,
        runtime: FeatureRuntime | None = None,
    ):
        """Load the network; see ``models.embedding`` for the layer. Pooled features of a frozen backbone are stored.

        With a ``runtime``, it computes its own features in place of Keras; TensorFlow is not imported.

        Raises:
            UsageError: No such layer, or one without vectors.
        """
        self.model, self.masks, self.preprocessing = model, masks, Preprocessing(**model.card.preprocessing)
        self.stored = None
        if runtime is not None:
            self.layer, self._run = runtime.layer, runtime
            return
        from keras_cxr.models.embedding import default_layer, embedding
        from keras_cxr.models.trunk import CUT, has_frozen_trunk

        network = model.network()
        self.layer = layer or default_layer(network)
        if feature_cache and self.layer == CUT and has_frozen_trunk(network):
            self.stored = FeatureRun(model, network)
        else:
            self._run = embedding(network, self.layer)

    def __call__(self, films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors (n, width) and logits (n, units), float32, of films (n, size, size, 1) uint8."""
        if self.stored is None:
            return self._run(films)
        vectors = self.stored.features(films)
        return vectors, self.stored.logits(vectors)

    def one(self, path: str | os.PathLike) -> tuple[np.ndarray, str]:
        """The vector (width,) of one film, and the SHA-256 of its file.

        Raises:
            CxrError: It cannot be read.
        """
        film = read_film(os.path.abspath(path), self.preprocessing, self.masks)
        if film.pixels is None:
            raise CxrError(f"The film '{path}' cannot be read: {film.error}.")
        vectors, _ = self(film.pixels[np.newaxis, ..., np.newaxis])
        return vectors[0], film.sha256


def embed(
    model: SavedModel,
    datasets: list[Dataset],
    output: pathlib.Path,
    embedder: Embedder,
    advance: Callable[[int], None] | None = None,
) -> Embeddings:
    """Embed every film and write ``embeddings.npy``, ``embeddings.parquet`` and ``films.csv`` to ``output``.

    Args:
        model: The saved model.
        datasets: Labelled or not. A film's split is that of the model's training, where it was trained on this data
            set, else the data set's own.
        output: Folder.
        embedder: Of ``model``.
        advance: Called with the number of films after each chunk.

    Raises:
        CxrError: No film can be read.
    """
    tables, vectors, notes = [], [], []
    for name, dataset in zip(dataset_names(datasets), datasets, strict=True):
        table, note = _films(model, name, dataset)
        notes += [*dataset.notes, *note]
        films = read_films(table["path"], embedder.preprocessing, embedder.masks)
        chunks = []
        while chunk := list(itertools.islice(films, BATCH)):
            good = [film.pixels for film in chunk if film.pixels is not None]
            found, logits = embedder(np.stack(good)[..., np.newaxis]) if good else (None, np.empty((0, 1)))
            labelled = label_chunk(model.card, chunk, logits)
            chunks.append(labelled.rename(columns={"label": "predicted"})[["predicted", "error"]])
            chunks[-1]["sha256"] = [film.sha256 for film in chunk]
            vectors += _spread(found, [film.pixels is not None for film in chunk])
            if advance:
                advance(len(chunk))
        tables.append(pd.concat([table, pd.concat(chunks, ignore_index=True)], axis=1))
    films = pd.concat(tables, ignore_index=True)
    width = next((len(vector) for vector in vectors if vector is not None), 0)
    if not width:
        raise CxrError(f"No film of '{datasets[0].root}' can be read. First: {films['error'].iloc[0]}")
    if embedder.stored:
        notes.append(embedder.stored.account())
    none = np.full(width, np.nan, np.float32)
    whole = np.stack([none if vector is None else vector for vector in vectors])
    _write(output, films[COLUMNS], whole)
    return Embeddings(films, whole, embedder.layer, list(dict.fromkeys(notes)))


def _films(model: SavedModel, name: str, dataset: Dataset) -> tuple[pd.DataFrame, list[str]]:
    table, notes = dataset.table.reset_index(drop=True), []
    own, splits = own_splits(model, table), table["split"]
    if own is not None and (own != "").mean() >= 0.5:
        splits = own
        notes.append(
            f"{name} is the data {model.card.name} was trained on: its films have the splits of that training."
        )
    elif own is not None:
        seen = own.isin(["train", "val"]) & (splits != "train")
        splits = splits.where(~seen, "train")
        if seen.any():
            notes.append(f"{int(seen.sum())} films of {name} count as train: {model.card.name} was trained on them.")
    known = {label.lower(): label for label in model.card.classes}
    labels = table["label"].map(lambda label: known.get(label.lower(), label))
    films = pd.DataFrame({"path": table["path"], "label": labels, "split": splits})
    films["dataset"], films["image"] = name, [relative_name(path, dataset.root) for path in table["path"]]
    films["patient"] = table["patient"]
    return films, notes


def _spread(found: np.ndarray | None, good: list[bool]) -> list[np.ndarray | None]:
    rows = iter(() if found is None else found)
    return [next(rows) if readable else None for readable in good]


def _write(output: pathlib.Path, films: pd.DataFrame, vectors: np.ndarray) -> None:
    with whole_file(output / "embeddings.npy") as temporary:
        np.save(temporary, vectors)
    write_csv(output / "films.csv", films)
    failed = np.isnan(vectors).all(axis=1)
    table = films.assign(embedding=[None if bad else list(row) for bad, row in zip(failed, vectors, strict=True)])
    with whole_file(output / "embeddings.parquet") as temporary:
        table.to_parquet(temporary, engine="pyarrow", index=False)

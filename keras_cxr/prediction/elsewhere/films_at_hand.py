"""A labelled data set's films as a saved model sees them, decoded once, to be changed and scored again and again."""

import dataclasses
import functools
import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd

from keras_cxr.data.geometry import places_of
from keras_cxr.data.load import load_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import patient_groups
from keras_cxr.data.table import Dataset
from keras_cxr.errors import UsageError
from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.lungs.source import lung_masks, masks_for
from keras_cxr.models.saved_model import SavedModel, require_one_class
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.label_films import BATCH
from keras_cxr.prediction.serving.runtime_record import FOLDER
from keras_cxr.prediction.serving.runtimes import Run, find
from keras_cxr.prediction.source_films import SourceFilms, source_films
from keras_cxr.prediction.stored_features import FeatureRun

MASKS_NEEDED = "needs lung masks: give --lung-masks FOLDER, --lungs-model FOLDER, or a data set with masks"


@dataclasses.dataclass
class FilmsAtHand:
    """The films of one data set.

    Attributes:
        model: The saved model.
        name: Of the data set.
        table: Their rows of the dataset table.
        pixels: (n, size, size, 1) uint8; beyond 4 GB (80,000 films at 224 pixels) a temporary file.
        masks: The films' lungs, None where they are not known.
        run: Films to logits; None: Keras.
        advance: Called with the number of films after each batch that passed the network.
        notes: Of films that could not be read.
    """

    model: SavedModel
    name: str
    table: pd.DataFrame
    pixels: np.ndarray
    masks: LungMasks | None = None
    run: Run | None = None
    advance: Callable[[int], None] | None = None
    notes: list[str] = dataclasses.field(default_factory=list)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def classes(self) -> list[str]:
        """Of two, the second is positive."""
        return self.model.card.classes

    @functools.cached_property
    def preprocessing(self) -> Preprocessing:
        """How the films came to their canvas."""
        return Preprocessing(**self.model.card.preprocessing)

    @functools.cached_property
    def truth(self) -> np.ndarray:
        """(n,) class indices."""
        return self.table["label"].map(self.classes.index).to_numpy("int64")

    @functools.cached_property
    def cluster(self) -> np.ndarray:
        """(n,) integers from 0, the same for the films of one patient."""
        return pd.factorize(patient_groups(self.table))[0].astype("int64")

    @functools.cached_property
    def places(self) -> list[tuple[slice, slice]]:
        """The rows and columns of the canvas that each film fills."""
        return places_of(self.table, self.preprocessing)

    @functools.cached_property
    def logits(self) -> np.ndarray:
        """(n, units) of the films as they are."""
        return self.compute(self.batches(range(len(self))))

    @property
    def probability(self) -> np.ndarray:
        """(n, k) of the films as they are, at the card's temperature."""
        return self.calibrated(self.logits)

    def calibrated(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities (n, k) float64 at the card's temperature."""
        return probabilities(logits, self.model.card.temperature)

    def batches(self, rows: Iterable[int], change: Callable[[int], np.ndarray] | None = None) -> Iterator[np.ndarray]:
        """Yield films (batch, size, size, 1) uint8 of some rows; ``change`` gives each, (size, size), from its row."""
        rows = list(rows)
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            if change is None:
                yield np.asarray(self.pixels[batch])
            else:
                yield np.stack([change(row) for row in batch])[..., np.newaxis]

    def compute(self, batches: Iterable[np.ndarray], run: Run | None = None) -> np.ndarray:
        """Outputs (n, …) of films by ``run``, the model's own unless given."""
        run = run or self._own_run
        found = []
        for batch in batches:
            found.append(run(batch))
            if self.advance:
                self.advance(len(batch))
        return np.concatenate(found)

    def source(self, split: str) -> SourceFilms:
        """Films that the model was trained ('train', 512 at most) or validated on ('val', 1,000 at most).

        Raises:
            CxrError: None is at hand.
        """
        if split not in self._sources:
            self._sources[split] = source_films(self.model, split, {"train": 512, "val": 1000}[split])
        return self._sources[split]

    @functools.cached_property
    def features_and_head(self) -> tuple[Run, Run]:
        """Films to pooled features (n, width), and features to logits; through the store where ``run`` has one."""
        if isinstance(self.run, FeatureRun):
            return self.run.features, self.run.logits
        from keras_cxr.models.head import features_and_head

        return features_and_head(self.model.network())

    @functools.cached_property
    def features(self) -> np.ndarray:
        """(n, width) float32."""
        return self.compute(self.batches(range(len(self))), self.features_and_head[0])

    @functools.cached_property
    def _own_run(self) -> Run:
        return self.run or find("keras").load(self.model.folder / FOLDER, "float32", self.preprocessing.size)

    @functools.cached_property
    def _sources(self) -> dict[str, SourceFilms]:
        return {}


def films_at_hand(
    model: SavedModel,
    dataset: Dataset,
    rows: pd.DataFrame,
    name: str,
    run: Run | None = None,
    masks: str | os.PathLike | LungMasks | None = None,
    lungs_model: str | os.PathLike | None = None,
    advance: Callable[[int], None] | None = None,
) -> FilmsAtHand:
    """Decode the films to be scored.

    Args:
        model: The saved model.
        dataset: The data set that the films are of.
        rows: Those to score, of ``evaluate.known_films``.
        name: What the data set is called in the tables.
        run: Films to logits; None: Keras.
        masks: Lung masks, or the folder of their files, named as the films.
        lungs_model: A lung model that finds them.
        advance: See ``FilmsAtHand``.

    Raises:
        CxrError: No film can be read; the masks' folder or the lung model is not there.
        UsageError: A multi-label model.
    """
    require_one_class(model, "Trying remedies and probing for shortcuts")
    preprocessing = Preprocessing(**model.card.preprocessing)
    part = dataclasses.replace(dataset, table=rows.reset_index(drop=True), notes=[])
    pixels = load_films(part, preprocessing, lungs=masks if callable(masks) else masks_for(model, masks))
    known = dict(zip(rows["path"], rows["mask"], strict=True)) if "mask" in rows else None
    if not callable(masks):
        try:
            masks = lung_masks("crop", masks, lungs_model, known)
        except UsageError:
            masks = None
    if isinstance(run, FamiliarRun):
        run = run.stands_for
    return FilmsAtHand(model, name, part.table, pixels[..., np.newaxis], masks, run, advance, part.notes)

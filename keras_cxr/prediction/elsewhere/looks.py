"""What films look like, to a network and as pictures: for holding two sets of films against each other."""

import dataclasses
import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.pixel_facts import pixel_facts
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.views import lungs_on_canvas, view
from keras_cxr.errors import CxrError
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.familiarity import FamiliarRun
from keras_cxr.prediction.label_films import BATCH
from keras_cxr.prediction.serving.runtimes import FeatureRun


@dataclasses.dataclass(frozen=True)
class Looks:
    """What some films look like: a row a film that could be read.

    Attributes:
        films: Their rows of the table that was given.
        facts: See ``data.pixel_facts``.
        vectors: (n, width).
        covered: The same with the lungs covered, NaN without a mask; None where it is not measured.
        unfamiliarity: (n,), or None.
    """

    films: pd.DataFrame
    facts: pd.DataFrame
    vectors: np.ndarray
    covered: np.ndarray | None
    unfamiliarity: np.ndarray | None


class Looker:
    """Films to their looks."""

    def __init__(
        self,
        model: SavedModel,
        run: FamiliarRun | FeatureRun,
        masks: LungMasks | None = None,
        lung_masks: LungMasks | None = None,
        advance: Callable[[int], None] | None = None,
    ):
        """Keep what computes them.

        Args:
            model: The saved model.
            run: Films to vectors and logits, or a ``FamiliarRun``, which tells the unfamiliarity too.
            masks: Of a model that sees lungs alone.
            lung_masks: The lungs to cover; None: nothing is computed without the lungs.
            advance: Called with the number of films after each batch.
        """
        self.preprocessing, self.masks, self.lung_masks = Preprocessing(**model.card.preprocessing), masks, lung_masks
        self.familiar = run if isinstance(run, FamiliarRun) else None
        self.features = self.familiar.features if self.familiar else run
        self.advance = advance or (lambda count: None)

    def __call__(self, films: pd.DataFrame) -> Looks:
        """The looks of films, a table with ``path``."""
        good, vectors, covered, unfamiliarity = [], [], [], []
        batches = read_films(films["path"], self.preprocessing, self.masks)
        while batch := list(itertools.islice(batches, BATCH)):
            good += [film.pixels is not None for film in batch]
            readable = [film for film in batch if film.pixels is not None]
            if readable:
                pixels = np.stack([film.pixels for film in readable])[..., np.newaxis]
                vectors.append(self.features(pixels)[0])
                if self.familiar:
                    unfamiliarity.append(self.familiar.familiarity.of(vectors[-1], pixels))
                if self.lung_masks:
                    covered.append(self._without_lungs(readable, vectors[-1].shape[1]))
            self.advance(len(batch))
        films = films[np.array(good, bool)]
        return Looks(
            films,
            pixel_facts(films["path"]),
            np.concatenate(vectors) if vectors else np.empty((0, 1), np.float32),
            np.concatenate(covered) if covered else None,
            np.concatenate(unfamiliarity) if unfamiliarity else None,
        )

    def _without_lungs(self, films: list[Film], width: int) -> np.ndarray:
        """Vectors (n, width) of the films with covered lungs, NaN where a film has no mask."""
        found, shown, rows = np.full((len(films), width), np.nan, np.float32), [], []
        for row, film in enumerate(films):
            try:
                lungs = lungs_on_canvas(film.path, self.preprocessing, self.lung_masks)
                place = film.place(self.preprocessing)
                shown.append(view("lungs covered", film.pixels, place, lungs))
                rows.append(row)
            except CxrError:
                continue
        if rows:
            found[rows] = self.features(np.stack(shown)[..., np.newaxis])[0]
        return found

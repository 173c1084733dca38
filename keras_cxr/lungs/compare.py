"""The finished masks of held-out films against the true ones, at each film's own resolution."""

import os
import pathlib
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.source import patient_groups
from keras_cxr.evaluation.segmentation import compare_masks
from keras_cxr.lungs.find import masks_on_films
from keras_cxr.lungs.pairs import read_mask
from keras_cxr.lungs.prepare import LungData
from keras_cxr.report.lungs import OutlinedFilm, contact_sheet

SHEET_FILMS = 24


class Comparison:
    """A trained network against the true masks of one split.

    Attributes:
        films: One row a film: its row of the dataset table, ``row`` (its number there), and the columns of
            ``evaluation.segmentation.METRICS``.
    """

    def __init__(self, run: Callable, data: LungData, threshold: float, split: str = "test"):
        """Compare; ``run`` gives the network's logits (models.forward)."""
        self._run, self._data, self._threshold = run, data, threshold
        rows = data.rows(split)
        table = data.dataset.table.iloc[rows].assign(row=rows)
        table["patient"] = patient_groups(table)
        found = (
            compare_masks(read_mask(film.mask, film.width, film.height), mask)
            for film, mask in zip(table.itertuples(), self._masks(table), strict=True)
        )
        self.films = pd.concat([table.reset_index(drop=True), pd.DataFrame(found)], axis=1)

    def _masks(self, table: pd.DataFrame) -> Iterator[np.ndarray]:
        films = ((self._data.films[film.row], film.width, film.height) for film in table.itertuples())
        for mask, _ in masks_on_films(self._run, films, self._data.preprocessing, self._threshold):
            yield mask

    def draw(self, path: str | os.PathLike) -> None:
        """Write a contact sheet of up to 24 films, from the lowest Dice to the highest in equal steps, as PNG."""
        ranked = self.films.sort_values("dice", kind="stable")
        places = np.linspace(0, len(ranked) - 1, min(SHEET_FILMS, len(ranked))).round().astype(int)
        shown = ranked.iloc[places]
        sheet = []
        for film, mask in zip(shown.itertuples(), self._masks(shown), strict=True):
            outlines = {"truth": read_mask(film.mask, film.width, film.height), "network": mask}
            caption = f"{pathlib.Path(film.path).name}\nDice {film.dice:.3f}, Hausdorff-95 {film.hausdorff95:.1f} px"
            sheet.append(OutlinedFilm(decode(read_bytes(film.path))[0], outlines, caption))
        contact_sheet(sheet, path, "Test films, from the lowest Dice to the highest")

"""Saved model and films to contact sheets of what excites the filters of a layer, and a table."""

import collections
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd

from keras_cxr.data.film_paths import film_paths
from keras_cxr.data.films import Film, read_films
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.filters import (
    SHOWN,
    Ranking,
    Rectangle,
    cell_on_film,
    cells_on_film,
    check_filters,
    field_on_film,
)
from keras_cxr.explain.grid import Grid
from keras_cxr.explain.network import Network
from keras_cxr.explain.synthesis import synthesise
from keras_cxr.files import write_csv
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.report.contact_sheet import Picture, contact_sheet

TABLE, SHEET = "filters.csv", "filters.png"
SYNTHESISED_TABLE, SYNTHESISED_SHEET = "synthesised.csv", "synthesised.png"
TABLE_COLUMNS = ("filter", "rank", "image", "value", "x", "y", "width", "height")
FILMS_AT_ONCE, ROWS, COLUMNS = 8, 32, 8


@dataclasses.dataclass
class ShownFilters:
    """What was written.

    Attributes:
        layer: The layer.
        filters: The numbers of its filters that are shown.
        silent: Those of them that give the same everywhere on every film.
        films: How many films were looked at.
        table: filter, rank (from 1), image, value, x, y, width, height: the receptive field in the film's pixels.
        files: All files.
        failures: (film, reason) of those that could not be read.
    """

    layer: str
    filters: list[int]
    silent: list[int]
    films: int
    table: pd.DataFrame
    files: list[pathlib.Path]
    failures: list[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class _Crop:
    """One filter's place on one film."""

    filter: int
    rank: int
    value: float
    film: Film
    field: Rectangle
    cell: Rectangle


class FilterViewer:
    """Shows what excites the filters of one layer of a saved model.

    Args:
        model: The saved model.
        layer: The layer's name, at any depth; None: the last with a spatial map.

    Attributes:
        layer: The layer's name.

    Raises:
        UsageError: An unknown layer, one without a spatial map, or an ensemble.
    """

    def __init__(self, model: SavedModel, layer: str | None = None):
        if members := model.card.training.get("members"):
            raise UsageError(
                f"'{model.folder}' is an ensemble of {len(members)} networks. Look into one of them: "
                f"-m {model.folder / members[0]}"
            )
        self._model, self._preprocessing = model, Preprocessing(**model.card.preprocessing)
        self._network = Network(model.network())
        self.layer = self._network.shown_layer(layer)
        self._grid: Grid = self._network.grid(self.layer, (self._preprocessing.size,) * 2)
        self._count = next(step.shape[-1] for step in reversed(self._network.steps) if step.layer.name == self.layer)

    def films(
        self,
        images: str | os.PathLike,
        output: str | os.PathLike,
        top: int = 9,
        filters: Sequence[int] | None = None,
        lung_masks: str | os.PathLike | None = None,
        advance: Callable[[int], None] | None = None,
    ) -> ShownFilters:
        """Write the films that excite each filter most, as contact sheets of 32 filters and a table.

        Args:
            images: A folder, read recursively, or one film.
            output: Where to write ``filters.csv``, ``filters.png``, and ``filters-2.png`` and so on.
            top: Films a filter; of each film, the strongest place.
            filters: Their numbers; None: the 32 whose strongest value varies most from film to film.
            lung_masks: Folder of mask files, for a model that sees lungs alone and carries no lung model.
            advance: Called with the number of films after each batch.

        Raises:
            UsageError: A filter that the layer does not have, or an output folder that holds the films themselves.
            CxrError: No film can be read.
        """
        check_filters(list(filters or []), self._count, self.layer)
        root, paths = film_paths(images, output)
        films = read_films(paths, self._preprocessing, masks_for(self._model, lung_masks))
        ranking, known, failures = self._rank(films, top, advance)
        failures = [(relative_name(film.path, root), film.error) for film in failures]
        if not ranking.count:
            raise CxrError(f"None of the {len(failures)} films can be read. First: {': '.join(failures[0])}")
        chosen = list(filters) if filters else ranking.most_varied(SHOWN)
        crops = [crop for number in chosen for crop in self._crops(number, ranking, known)]
        output = pathlib.Path(output)
        table = pd.DataFrame([_row(crop, root) for crop in crops], columns=TABLE_COLUMNS)
        write_csv(output / TABLE, table)
        files = [output / TABLE]
        for page in range(0, len(chosen), ROWS):
            files.append(output / (SHEET if not page else f"filters-{page // ROWS + 1}.png"))
            _sheet(chosen[page : page + ROWS], crops, files[-1])
        silent = sorted(set(chosen) - set(table["filter"]))
        return ShownFilters(self.layer, chosen, silent, ranking.count, table, files, failures)

    def synthesised(
        self,
        output: str | os.PathLike,
        filters: Sequence[int],
        steps: int = 128,
        seed: int = 0,
        advance: Callable[[int], None] | None = None,
    ) -> list[pathlib.Path]:
        """Write an input made to excite each filter, as a contact sheet and a table of the strongest values.

        Args:
            output: Where to write ``synthesised.csv`` (filter, noise, value) and ``synthesised.png``.
            filters: Their numbers.
            steps, seed, advance: See `synthesis.synthesise`.
        """
        check_filters(list(filters), self._count, self.layer)
        found = synthesise(self._network, self.layer, filters, self._preprocessing.size, steps, seed, advance)
        output = pathlib.Path(output)
        table = pd.DataFrame({"filter": filters, "noise": found.noise, "value": found.values})
        write_csv(output / SYNTHESISED_TABLE, table)
        pictures = [
            Picture(np.rint(image.mean(axis=-1)).astype(np.uint8), f"{row.filter}: {row.value:.3g} ({row.noise:.3g})")
            for image, row in zip(found.images, table.itertuples(), strict=True)
        ]
        rows = [("", pictures[start : start + COLUMNS]) for start in range(0, len(pictures), COLUMNS)]
        contact_sheet(rows, output / SYNTHESISED_SHEET, side=224)
        return [output / SYNTHESISED_TABLE, output / SYNTHESISED_SHEET]

    def _rank(self, films: Iterable[Film], top: int, advance) -> tuple[Ranking, dict[int, Film], list[Film]]:
        """The ranking, the films in it by number, and those that cannot be read."""
        run, ranking = self._network.features(self.layer), Ranking(self._count, top)
        known, failures, number = {}, [], 0
        while chunk := list(itertools.islice(films, FILMS_AT_ONCE)):
            good = [film for film in chunk if film.pixels is not None]
            failures += [film for film in chunk if film.pixels is None]
            if good:
                maps = run(np.stack([film.pixels for film in good])[..., np.newaxis].astype("float32"))
                inside = [cells_on_film(film, self._grid, maps.shape[1:3], self._preprocessing) for film in good]
                numbers = np.arange(number, number + len(good))
                ranking.add(maps, numbers, np.stack(inside))
                known |= {one: dataclasses.replace(film, pixels=None) for one, film in zip(numbers, good, strict=True)}
                known = {one: known[one] for one in np.unique(ranking.films) if one in known}
                number += len(good)
            if advance:
                advance(len(chunk))
        return ranking, known, failures

    def _crops(self, number: int, ranking: Ranking, known: dict[int, Film]) -> list[_Crop]:
        crops = []
        ranked = zip(ranking.values[number], ranking.films[number], ranking.cells[number], strict=True)
        for rank, (value, film, cell) in enumerate(ranked, 1):
            if film >= 0:
                place = self._grid, *cell.tolist(), self._preprocessing
                field, core = (part(known[film], *place) for part in (field_on_film, cell_on_film))
                crops.append(_Crop(number, rank, float(value), known[film], field, core))
        return crops


def _row(crop: _Crop, root: pathlib.Path) -> dict:
    return {
        "filter": crop.filter,
        "rank": crop.rank,
        "image": relative_name(crop.film.path, root),
        "value": crop.value,
        **dataclasses.asdict(crop.field),
    }


def _sheet(filters: list[int], crops: list[_Crop], path: pathlib.Path) -> None:
    """Write a row of pictures for each of these filters."""
    by_film = collections.defaultdict(list)
    for crop in crops:
        if crop.filter in filters:
            by_film[crop.film.path].append(crop)
    rows = {number: {} for number in filters}
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        for crop, picture in itertools.chain.from_iterable(pool.map(_cut, by_film, by_film.values())):
            rows[crop.filter][crop.rank] = picture
    contact_sheet([(f"filter {number}", [row[rank] for rank in sorted(row)]) for number, row in rows.items()], path)


def _cut(path: str, crops: list[_Crop]) -> list[tuple[_Crop, Picture]]:
    """The pictures of one film, which is decoded once."""
    gray, _ = decode(read_bytes(path))
    return [(crop, _picture(gray, crop)) for crop in crops]


def _picture(gray: np.ndarray, crop: _Crop) -> Picture:
    field, cell = crop.field, crop.cell
    part = gray[field.y : field.y + field.height, field.x : field.x + field.width]
    mark = None
    # In a field not much larger than its cell there is nothing to point at.
    if field.width * field.height > 9 * cell.width * cell.height:
        left, top = (cell.x - field.x) / field.width, (cell.y - field.y) / field.height
        mark = (left, top, left + cell.width / field.width, top + cell.height / field.height)
    return Picture(np.ascontiguousarray(part), f"{crop.value:.3g}", mark)

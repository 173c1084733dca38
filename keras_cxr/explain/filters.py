"""The films, and the places on them, that excite the filters of a layer most."""

import dataclasses

import numpy as np

from keras_cxr.data.films import Film
from keras_cxr.data.lungs import pixels_of
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import UsageError
from keras_cxr.explain.grid import Axis, Grid

# Filters that are shown unless others are asked for.
SHOWN = 32


class Ranking:
    """Takes feature maps as they come and keeps each filter's strongest films, each by its strongest place.

    A film on which the filter gives the same everywhere, such as nothing behind a ReLU, has no such place.

    Args:
        filters: Channels of the layer.
        top: Films to keep for each.

    Attributes:
        values: float32 (filters, top), the strongest first; −inf where there were fewer films.
        films: int (filters, top), the number of each film; −1 where there were fewer.
        cells: int (filters, top, 2), the place in its map: row, column.
        count: Films seen.
    """

    def __init__(self, filters: int, top: int):
        self.values = np.full((filters, top), -np.inf, "float32")
        self.films, self.cells = np.full((filters, top), -1), np.zeros((filters, top, 2), int)
        self.count, self._sum, self._squares = 0, np.zeros(filters), np.zeros(filters)

    def add(self, maps: np.ndarray, films: np.ndarray, inside: np.ndarray) -> None:
        """Take maps.

        Args:
            maps: float32 (n, h, w, filters).
            films: int (n,), the numbers of the films.
            inside: bool (n, h, w), which places count; of each film at least one.
        """
        inside = inside[..., np.newaxis]
        flat = np.where(inside, maps, -np.inf).reshape(len(maps), -1, maps.shape[-1])
        values, strongest = flat.max(axis=1).T, flat.argmax(axis=1).T
        weakest = np.where(inside, maps, np.inf).min(axis=(1, 2)).T
        self.count += len(maps)
        self._sum += values.sum(axis=1, dtype="float64")
        self._squares += np.square(values, dtype="float64").sum(axis=1)
        even = values == weakest
        values = np.concatenate((self.values, np.where(even, -np.inf, values)), axis=1)
        numbers = np.concatenate((self.films, np.where(even, -1, films)), axis=1)
        cells = np.concatenate((self.cells, np.stack(np.divmod(strongest, maps.shape[2]), axis=-1)), axis=1)
        # Of films that excite a filter alike, those that came first.
        order = np.argsort(-values, axis=1, kind="stable")[:, : self.values.shape[1]]
        self.values, self.films = (np.take_along_axis(one, order, axis=1) for one in (values, numbers))
        self.cells = np.take_along_axis(cells, order[..., np.newaxis], axis=1)

    def most_varied(self, count: int = SHOWN) -> list[int]:
        """The filters whose strongest value varies most from film to film, by number."""
        mean = self._sum / max(1, self.count)
        variance = self._squares / max(1, self.count) - mean**2
        return sorted(np.argsort(-variance, kind="stable")[:count].tolist())


def check_filters(filters: list[int], count: int, layer: str) -> None:
    """Make sure that a layer has the filters of these numbers.

    Raises:
        UsageError: It has not.
    """
    if beyond := [number for number in filters if number >= count]:
        raise UsageError(
            f"The filters of layer '{layer}' are numbered from 0 to {count - 1}. Received: --filters {beyond[0]}."
        )


def cells_on_film(film: Film, grid: Grid, shape: tuple[int, int], preprocessing: Preprocessing) -> np.ndarray:
    """Which cells of a map (rows, columns) are centred on the film, not on the padding: bool of that shape.

    Where none is, that whose centre is nearest to the middle of the film.
    """
    parts = film.place(preprocessing)
    masks = []
    for axis, part, count in zip(grid, parts, shape, strict=True):
        centres = axis.start + axis.step * np.arange(count)
        mask = (centres >= part.start - 0.5) & (centres <= part.stop - 0.5)
        if not mask.any():
            mask[np.abs(centres - (part.start + part.stop - 1) / 2).argmin()] = True
        masks.append(mask)
    return np.outer(*masks)


@dataclasses.dataclass(frozen=True)
class Rectangle:
    """A part of a film, in its own pixels."""

    x: int
    y: int
    width: int
    height: int


def field_on_film(film: Film, grid: Grid, row: int, column: int, preprocessing: Preprocessing) -> Rectangle:
    """The part of the film that a cell sees, its receptive field."""
    size = preprocessing.size
    return _on_film(film, grid.rows.seen(row, size), grid.columns.seen(column, size), preprocessing)


def cell_on_film(film: Film, grid: Grid, row: int, column: int, preprocessing: Preprocessing) -> Rectangle:
    """The part of the film that is nearer to the middle of this cell than to that of any other."""
    sides = (_nearest(axis, cell) for axis, cell in zip(grid, (row, column), strict=True))
    return _on_film(film, *sides, preprocessing)


def _nearest(axis: Axis, cell: int) -> tuple[float, float]:
    middle = axis.start + axis.step * cell + 0.5
    return middle - axis.step / 2, middle + axis.step / 2


def _on_film(
    film: Film, rows: tuple[float, float], columns: tuple[float, float], preprocessing: Preprocessing
) -> Rectangle:
    """A stretch of the canvas's rows and columns, without what is padding, on the film."""
    left, top, right, bottom = pixels_of(film.region, film.width, film.height)
    shown = film.place(preprocessing)
    (y, height), (x, width) = (
        _stretch(side, part, start, stop)
        for side, part, start, stop in zip((rows, columns), shown, (top, left), (bottom, right), strict=True)
    )
    return Rectangle(x, y, width, height)


def _stretch(side: tuple[float, float], part: slice, start: int, stop: int) -> tuple[int, int]:
    scale = (stop - start) / (part.stop - part.start)
    first, last = ((np.clip(end, part.start, part.stop) - part.start) * scale for end in side)
    first = min(start + int(np.floor(first)), stop - 1)
    return first, max(1, start + int(np.ceil(last)) - first)

"""Where the cells of a layer's map lie on the network's input."""

import dataclasses
import math
from typing import NamedTuple


@dataclasses.dataclass(frozen=True)
class Axis:
    """The cells of a map along one axis: cell i is centred at ``start + step * i`` pixels of the network's input.

    It sees the pixels up to ``reach`` from there; those that padding adds outside of the input are counted.
    """

    start: float
    step: float
    reach: float = 0

    def moved(self, offset: float, stride: int, window: int = 1) -> "Axis":
        """The cells of a layer whose cell i is centred on cell ``offset + stride * i`` of these, ``window`` wide."""
        reach = self.reach + (window - 1) / 2 * self.step
        return Axis(self.start + offset * self.step, self.step * stride, reach)

    def divided(self, have: int, want: int) -> "Axis":
        """The stretch that ``have`` of these cells cover, divided evenly among ``want``."""
        step = self.step * have / want
        return Axis(self.start + (step - self.step) / 2, step, self.reach + abs(step - self.step) / 2)

    def seen(self, cell: int, pixels: int) -> tuple[int, int]:
        """The first pixel that a cell sees and the one behind the last, of an input with so many pixels."""
        centre = self.start + self.step * cell
        first, last = math.ceil(centre - self.reach), math.floor(centre + self.reach)
        return min(max(first, 0), pixels), min(max(last + 1, 0), pixels)


class Grid(NamedTuple):
    """The places of a map's cells on the network's input."""

    rows: Axis
    columns: Axis

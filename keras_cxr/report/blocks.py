"""What a page is made of. Each block has a macro of its name, in small letters, in ``templates/blocks.html``."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclasses.dataclass(frozen=True)
class Listing:
    """A list of lines."""

    lines: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Code:
    """Text that keeps its lines, such as a command; ``title`` given, it is folded under it on the screen."""

    text: str
    title: str = ""


@dataclasses.dataclass(frozen=True)
class Facts:
    """Names and what belongs to them."""

    rows: Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Grid:
    """A table of text.

    Attributes:
        caption: What it shows.
        cells: Column names are the heads; the cells are written as they are.
        numbers: Columns that are set to the right.
        folded: Whether it is folded under its caption on the screen.
        marked: Row numbers to set in bold.
    """

    caption: str
    cells: pd.DataFrame
    numbers: Sequence[str] = ()
    folded: bool = False
    marked: Sequence[int] = ()


@dataclasses.dataclass(frozen=True)
class Matrix:
    """A confusion matrix: each cell a count and its percent of the row.

    Attributes:
        caption: What it shows.
        classes: The k names.
        counts: (k, k) whole numbers, rows the true classes, columns the decided ones.
    """

    caption: str
    classes: Sequence[str]
    counts: np.ndarray

    @property
    def rows(self) -> list[tuple[str, int, list[tuple[int, float | None]]]]:
        """Of each true class its name, its films, and of each decided class the count and its share, 0 to 1."""
        totals = self.counts.sum(axis=1)
        return [
            (name, int(total), [(int(count), count / total if total else None) for count in row])
            for name, total, row in zip(self.classes, totals, self.counts, strict=True)
        ]


@dataclasses.dataclass(frozen=True)
class Picture:
    """A figure.

    Attributes:
        svg: An ``<svg>`` element, see ``inline.inline_svg``.
        caption: Below it.
        width: Its own, in pixels; on a narrow screen it shrinks to three fifths of that and then scrolls.
    """

    svg: str
    caption: str
    width: int


@dataclasses.dataclass(frozen=True)
class Row:
    """Pictures side by side where there is room."""

    pictures: Sequence[Picture]


@dataclasses.dataclass(frozen=True)
class Neighbour:
    """A training film beside a film that it is near to.

    Attributes:
        picture: Data URI, '' where the film is not at hand.
        label: It was trained with.
        distance: In words.
        relation: Why it is near without saying anything, such as the same patient; else ''.
        name: File.
    """

    picture: str
    label: str
    distance: str
    relation: str
    name: str


@dataclasses.dataclass(frozen=True)
class Film:
    """A film of a row of thumbnails.

    Attributes:
        pictures: (what it shows, data URI, '' where there is only that to say); none where the film is not at hand.
        decision: The line above: truth, label, probability.
        name: File and patient.
        nearest: Training films to stand beside it.
    """

    pictures: Sequence[tuple[str, str]]
    decision: str
    name: str
    nearest: Sequence[Neighbour] = ()


@dataclasses.dataclass(frozen=True)
class Films:
    """Films as thumbnails."""

    caption: str
    films: Sequence[Film]

    @property
    def pairs(self) -> bool:
        """Whether any film has a heatmap beside it."""
        return any(len(film.pictures) > 1 for film in self.films)

    @property
    def neighbours(self) -> bool:
        """Whether any film has training films beside it."""
        return any(film.nearest for film in self.films)


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Attributes:
        title: The heading.
        blocks: What stands below it, strings are paragraphs.
        level: 2 or 3, of the heading.
    """

    title: str
    blocks: Sequence[object]
    level: int = 2

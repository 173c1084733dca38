"""What a training tells while it runs; this one keeps silent."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class Monitor:
    """Base class of displays; each method does nothing."""

    def note(self, text: str) -> None:
        """One line for the user."""

    def data(self, counts: "pd.DataFrame", sizes: str, weights: dict[str, float]) -> None:
        """The films by class and split, their sizes in words, and the class weights."""

    def start(self, what: str, steps: int) -> None:
        """A stretch of ``steps`` begins."""

    def advance(self, steps: int = 1) -> None:
        """Some of its steps are done."""

    def epoch(self, row: dict, total: int) -> None:
        """An epoch ended with this row of the history, of at most ``total``."""

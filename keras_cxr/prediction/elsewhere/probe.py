"""Does a network look at the lungs? Its score on the border alone, without it, without the lungs and on them alone."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.data.views import BORDER, NEED_LUNGS, VIEWS, lungs_on_canvas, view
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.remedies import decided_films
from keras_cxr.evaluation.shortcuts import PROBE_COLUMNS, SHORTCUT, view_scores
from keras_cxr.prediction.elsewhere.films_at_hand import MASKS_NEEDED, FilmsAtHand

WHOLE, BORDER_ALONE, COVERED = "whole film", "border alone", "lungs covered"
EXAMPLES = 2


@dataclasses.dataclass(frozen=True)
class Example:
    """A film of the picture.

    Attributes:
        label: Its true class.
        views: View → (size, size) uint8.
        probability: View → that of its true class.
    """

    label: str
    views: dict[str, np.ndarray]
    probability: dict[str, float]


def probe(films: FilmsAtHand) -> tuple[pd.DataFrame, list[Example], list[str]]:
    """Score every view that can be made of the films.

    Args:
        films: Of any hospital, with ``masks`` for the views that need the lungs.

    Returns:
        The columns of ``PROBE_COLUMNS``; up to two films a class in every view; notes for the user.

    Raises:
        CxrError: The model sees the lungs alone.
    """
    if films.preprocessing.lungs != "none":
        raise CxrError(f"The shortcut probe needs whole films, and {films.model.card.name} sees the lungs alone.")
    lungs, notes = _lungs(films)
    masked = np.array([mask is not None for mask in lungs])
    probability, rows = {WHOLE: films.probability}, np.arange(len(films))
    for name in list(VIEWS)[1:]:
        shown = rows[masked] if name in NEED_LUNGS else rows
        if len(shown):
            logits = films.compute(
                films.batches(shown, lambda row, name=name: _seen(films, name, row, lungs[row])),
            )
            probability[name] = np.full_like(films.probability, np.nan)
            probability[name][shown] = films.calibrated(logits)
    table = view_scores(
        {name: (_films(films, p, p), _films(films, films.probability, p)) for name, p in probability.items()},
        films.classes,
        (BORDER_ALONE, COVERED),
    ).assign(dataset=films.name, model=films.model.card.name)
    notes += _told(table)
    # Where films are cropped closely the border shows the lungs' edges: that is told, and not called a shortcut.
    table.loc[table["view"] == BORDER_ALONE, "flag"] = ""
    return table[PROBE_COLUMNS], _examples(films, lungs, probability), notes


def _films(films: FilmsAtHand, probability: np.ndarray, scored: np.ndarray):
    good = np.isfinite(scored).all(axis=1)
    return decided_films(probability[good], films.truth[good], films.cluster[good], films.model.card.threshold)


def _seen(films: FilmsAtHand, name: str, row: int, lungs: np.ndarray | None) -> np.ndarray:
    return view(name, films.pixels[row, ..., 0], films.places[row], lungs)


def _lungs(films: FilmsAtHand) -> tuple[list[np.ndarray | None], list[str]]:
    """Each film's lungs on the canvas, None where they are not known, and notes."""
    if films.masks is None:
        views = " and ".join(NEED_LUNGS)
        return [None] * len(films), [f"The views {views} of {films.name} are left out: the probe {MASKS_NEEDED}."]
    found, faults = [], []
    for path in films.table["path"]:
        try:
            found.append(lungs_on_canvas(path, films.preprocessing, films.masks))
        except CxrError as fault:
            found.append(None)
            faults.append(str(fault))
    if not faults:
        return found, []
    return found, [
        f"{len(faults)} of {len(found)} films of {films.name} are left out of the views {' and '.join(NEED_LUNGS)}; "
        f"the first {faults[0]}."
    ]


def _examples(films: FilmsAtHand, lungs: list, probability: dict[str, np.ndarray]) -> list[Example]:
    """Films with a mask before those without, spread over each class."""
    examples = []
    for number, label in enumerate(films.classes):
        own = np.flatnonzero(films.truth == number)
        masked = [row for row in own if lungs[row] is not None]
        own = np.array(masked or own, dtype=int)
        for row in own[np.unique(np.linspace(0, len(own) - 1, min(EXAMPLES, len(own))).astype(int))]:
            shown = [name for name in probability if np.isfinite(probability[name][row]).all()]
            views = {name: _seen(films, name, row, lungs[row]) for name in shown}
            examples.append(Example(label, views, {name: float(probability[name][row, number]) for name in shown}))
    return examples


def _told(table: pd.DataFrame) -> list[str]:
    """What the flagged views mean, in sentences."""
    whole = table.set_index("view").loc[WHOLE, "value"]
    return [
        f"{_MEANING[row.view]}: on {row.dataset} {row.model} tells the classes with {_SHOWN[row.view]} as well as by "
        f"the whole film ({row.metric} {row.value:.3f}, {row.low:.3f} to {row.high:.3f}; whole film {whole:.3f})."
        for row in table[table["flag"] == SHORTCUT].itertuples()
    ]


_SHOWN = {COVERED: "the lungs covered", BORDER_ALONE: f"the outer {BORDER:.0%} of the film alone"}
_MEANING = {COVERED: "Shortcut", BORDER_ALONE: "Perhaps a shortcut, unless the border shows much of the lungs"}

"""The table of heatmap scores: one row a measure of one method on one model, its interval, and what chance gives."""

import dataclasses

import numpy as np

from keras_cxr.evaluation.films import Films
from keras_cxr.evaluation.intervals import with_intervals
from keras_cxr.evaluation.localisation import pooled_average_precision

MAP_SCORES_COLUMNS = ["model", "method", "measure", "value", "low", "high", "n", "chance", "meaning"]


@dataclasses.dataclass(frozen=True)
class Measure:
    """What is measured of heatmaps.

    Attributes:
        name: As in the column ``measure``.
        meaning: One sentence.
        better: "higher", "lower", or "" where neither is.
        proportion: Whether each film scores 0 or 1, so that Wilson's interval holds.
        signed: Whether values lie between -1 and 1 instead of 0 and 1.
    """

    name: str
    meaning: str
    better: str = "higher"
    proportion: bool = False
    signed: bool = False


_PLACES = (
    Measure("pointing game", "share of films whose strongest place lies in a marked place", proportion=True),
    Measure("mIoU", "overlap of the map above a threshold, chosen on other patients, with the marked places"),
    Measure("AUPRC", "precision-recall area of each film's pixels in marked places by the map's strength, mean"),
    Measure("AUPRC, pixels pooled", "the same of the pixels of all films together"),
    Measure("share in marked places", "part of the map's sum that lies in marked places"),
    Measure("share in lungs", "part of the map's sum that lies in the lungs"),
)
_CONFIDENCE = (
    Measure("deletion AUC", "mean probability as the strongest pixels are blotted out first", "lower"),
    Measure("insertion AUC", "mean probability as the strongest pixels come back first into the blurred film"),
    Measure("average drop", "part of the probability that is lost where the film is seen through its map", "lower"),
    Measure("increase in confidence", "share of films more probable when seen through their map", proportion=True),
)
_SANITY = tuple(
    Measure(f"{how}, {what} random", f"{of} of the map before and after {words} became random", "lower", signed=True)
    for what, words in (("last layer", "the last layer"), ("all layers", "all layers"))
    for how, of in (("SSIM", "structural similarity"), ("rank correlation", "Spearman's correlation"))
)
_CONTROL = (
    Measure("SSIM, control", "structural similarity of the map with that of the control model", "lower", signed=True),
    Measure("rank correlation, control", "Spearman's correlation with the control model's map", "lower", signed=True),
)
_AGREEMENT = (
    Measure("agreement, rank correlation", "mean Spearman correlation with the other methods' maps", "", signed=True),
    Measure("agreement, top 10 %", "mean IoU of the strongest tenth with that of the other methods", ""),
)
MEASURES = {
    "localisation": _PLACES,
    "faithfulness": _CONFIDENCE,
    "sanity": (*_SANITY, *_CONTROL),
    "agreement": _AGREEMENT,
}
_BY_NAME = {measure.name: measure for group in MEASURES.values() for measure in group}
POOLED = "AUPRC, pixels pooled"


def measure(name: str) -> Measure:
    """The measure of that name."""
    return _BY_NAME[name]


def mean_row(name: str, values: np.ndarray, clusters: np.ndarray, chance: float = np.nan, draws: int = 2000) -> dict:
    """The mean over films with its 95 % interval, clustered by patient; see ``intervals`` for how it is made.

    Args:
        name: Of the measure.
        values: (n,), one a film; NaN where it has none, which leaves the film out.
        clusters: (n,) integers, the same for the films of one patient.
        chance: What the mean would be for maps that know nothing.
        draws: Of the bootstrap.

    Returns:
        The columns of a row but ``model`` and ``method``; value and interval NaN where no film has a value.
    """
    values = np.asarray(values, "float64")
    known = ~np.isnan(values)
    if not known.any():
        return _row(name, (np.nan, np.nan, np.nan), 0, chance)
    one = measure(name)
    shift, scale = (1, 2) if one.signed else (0, 1)
    found = with_intervals(_Mean((values[known] + shift) / scale, one.proportion), _films(clusters[known]), draws)
    return _row(name, [scale * number - shift for number in found[_NAME]], int(known.sum()), chance)


def pooled_row(counts: np.ndarray, clusters: np.ndarray, chance: float = np.nan, draws: int = 2000) -> dict:
    """The row of the pooled AUPRC, from ``localisation.level_counts`` of each film, (n, 2, levels)."""
    if not len(counts):
        return _row(POOLED, (np.nan, np.nan, np.nan), 0, chance)
    found = with_intervals(_Pooled(counts.astype("float64")), _films(clusters), draws)
    return _row(POOLED, found[_NAME], len(counts), chance)


def _row(name: str, found, count: int, chance: float) -> dict:
    value, low, high = (float(number) for number in found)
    return {
        "measure": name,
        "value": value,
        "low": low,
        "high": high,
        "n": count,
        "chance": float(chance),
        "meaning": measure(name).meaning,
    }


_NAME = "mean"


class _Mean:
    """The mean of one value a film, in the form that ``with_intervals`` takes."""

    def __init__(self, values: np.ndarray, proportion: bool):
        every = np.ones(len(values), bool)
        self._values, self.groups, self.rankings = values, [every], {}
        self.proportions = {_NAME: every} if proportion and np.isin(values, (0, 1)).all() else {}

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        return {_NAME: weights @ self._values / weights.sum(axis=1)}


class _Pooled:
    """The precision-recall area of the pixels of all films."""

    def __init__(self, counts: np.ndarray):
        self._counts, self.groups, self.rankings, self.proportions = counts, [np.ones(len(counts), bool)], {}, {}

    def __call__(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        return {_NAME: pooled_average_precision(np.tensordot(weights, self._counts, 1))}


def _films(clusters: np.ndarray) -> Films:
    numbers = np.unique(clusters, return_inverse=True)[1]
    nothing = np.zeros(len(numbers), "int64")
    return Films(nothing, nothing, np.zeros((len(numbers), 1)), numbers)

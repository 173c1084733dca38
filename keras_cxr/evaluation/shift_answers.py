"""Rows of the shift table on what the model says: unfamiliar films, its AUROC among them, and its calibration."""

import numpy as np
import pandas as pd

from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.shift import interval_text, shift_row
from keras_cxr.evaluation.task import ONE_CLASS
from keras_cxr.evaluation.telling_apart import Area, area_with_interval
from keras_cxr.evaluation.unfamiliarity import UNFAMILIARITY
from keras_cxr.evaluation.wilson import effective_n, wilson_interval

# By construction 5 % of validation films lie above 1.
READ_FROM = 0.2
FEWEST = 10  # films of the smaller class in a half, below which its AUROC says nothing
FAR = 0.1  # of a mean probability from the share of the class


def unfamiliarity_rows(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS) -> list[dict]:
    """Share above 1 and median of the column ``unfamiliarity``; of two classes the AUROC on both sides of the median.

    Args:
        predictions: Of one data set, with ``truth``; rows without a number are left out.
        classes: In the network's order; of two, the second is positive.
        task: Of ``evaluation.task``.
    """
    part = predictions[predictions[UNFAMILIARITY].notna()]
    films, scores = scored_films(part, classes, task), part[UNFAMILIARITY].to_numpy(float)
    if not len(films) or len(films) < len(part):
        return []
    above = scores > 1
    share = float(above.mean())
    low, high = wilson_interval(share, effective_n(films.cluster, np.ones(len(films), bool)))
    meaning = (
        f"{share:.0%} ({low:.0%}–{high:.0%}) of these films are more unfamiliar than 95 % of the validation films; "
        "5 % would be usual."
    )
    rows = [shift_row("share of unfamiliar films", share, meaning, len(films), low, high, share >= READ_FROM)]
    middle = float(np.median(scores))
    rows.append(
        shift_row(
            "median unfamiliarity",
            middle,
            f"The median unfamiliarity is {middle:.2f}; of validation films 95 % lie below 1.",
            len(films),
            warning=middle > 1,
        )
    )
    return rows + (_halves(films, scores, middle) if len(films.ranked) == 1 else [])


def _halves(films: Films, scores: np.ndarray, middle: float) -> list[dict]:
    found: dict[str, Area] = {}
    (number,) = films.ranked
    for name, half in (("familiar", scores <= middle), ("unfamiliar", scores > middle)):
        positive = films.positive[half, number]
        if min(positive.sum(), (~positive).sum()) < FEWEST:
            return []
        found[name] = area_with_interval(positive, films.probability[half, number], films.cluster[half])
    worse = found["unfamiliar"].high < found["familiar"].low
    words = {
        "familiar": "Among the half of the films that is more like the training's",
        "unfamiliar": "Among the half of the films that is less like the training's",
    }
    return [
        shift_row(
            f"AUROC in the {name} half",
            area.value,
            f"{words[name]} the model's AUROC is {interval_text(*area[:3])}.",
            area.n,
            area.low,
            area.high,
            warning=worse and name == "unfamiliar",
        )
        for name, area in found.items()
    ]


def calibration_rows(predictions: pd.DataFrame, classes: list[str], task: str = ONE_CLASS) -> list[dict]:
    """Calibration in the large: each class's mean probability less its share; of two classes the positive one's.

    The interval is normal, with a variance clustered by patient (Liang & Zeger, Biometrika 1986).

    Args:
        predictions: Of one data set, with ``truth``.
        classes: In the network's order.
        task: Of ``evaluation.task``.
    """
    films = scored_films(predictions, classes, task)
    if len(films) < 2:
        return []
    rows = []
    for number in films.ranked:
        name, likely, is_class = classes[number], films.probability[:, number], films.positive[:, number]
        value, low, high = mean_interval(likely - is_class, films.cluster)
        said = "too often" if value > 0 else "too seldom"
        off = abs(value) >= FAR and not low <= 0 <= high
        judged = f"it expects {name} {said}" if off else "close enough, or within chance"
        meaning = (
            f"The mean probability of {name} is {likely.mean():.2f} and its share {is_class.mean():.2f}, a difference "
            f"of {value:+.2f} ({low:+.2f} to {high:+.2f}): {judged}."
        )
        rows.append(shift_row(f"mean probability less share [{name}]", value, meaning, len(films), low, high, off))
    return rows


def mean_interval(values: np.ndarray, clusters: np.ndarray) -> tuple[float, float, float]:
    """The mean of (n,) ``values`` and its 95 % interval, films of one of the (n,) ``clusters`` taken together."""
    mean = float(values.mean())
    sums = np.bincount(clusters, weights=values - mean)
    patients = len(np.unique(clusters))
    if patients < 2:
        return mean, np.nan, np.nan
    error = float(np.sqrt((sums**2).sum() * patients / (patients - 1)) / len(values))
    return mean, mean - 1.959964 * error, mean + 1.959964 * error

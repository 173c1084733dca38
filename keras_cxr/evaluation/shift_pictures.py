"""Rows of the shift table on the pictures: can a classifier tell the sets apart, and by which fact of a picture."""

import math

import numpy as np
import pandas as pd

from keras_cxr.evaluation.shift import interval_text, shift_row
from keras_cxr.evaluation.telling_apart import Area, standardised_difference

# From the AUROC on: the words, and what follows for a score. By Hosmer & Lemeshow's steps (2000).
_STEPS = (
    (0.95, "they look different throughout; a score from the training hospital does not carry over by itself"),
    (0.8, "most of them look different; a score from the training hospital need not carry over"),
    (0.7, "many of them look different"),
    (0.6, "they look slightly different"),
    (0.0, "they look alike to it"),
)
READ_FROM = 0.8
# What is left of the film says whence it is although the lungs are covered: then it is not the disease that differs.
WITHOUT_LUNGS = "films with covered lungs"
TOLD_APART = "told apart by "
_SEES = {
    "embedding": "A classifier on the network's features",
    "pixel statistics": "A classifier that sees size, brightness, contrast and sharpness alone",
    "gray levels": "A classifier that sees brightness, contrast and sharpness alone",
    WITHOUT_LUNGS: "A classifier on the features of the films with their lungs covered",
}
# What the sentence calls a fact that does not name itself.
_NAMES = {
    "width": "width in pixels",
    "height": "height in pixels",
    "aspect": "aspect ratio",
    "mean": "gray level",
    "percentile 1": "gray level of the darkest 1 %",
    "median": "median gray level",
    "percentile 99": "gray level of the brightest 1 %",
    "border mean": "gray level of the border",
    "entropy": "entropy of the gray levels",
}
LARGE = 0.8  # standard deviations (Cohen 1988)


def told_apart_row(by: str, area: Area) -> dict:
    """How well a classifier tells the outside films from the training's.

    Args:
        by: What it sees, of ``_SEES``.
        area: Of ``telling_apart.tell_apart``.
    """
    follows = next(words for least, words in _STEPS if area.value >= least)
    if by == WITHOUT_LUNGS and area.value >= READ_FROM:
        follows = "what differs lies outside of the lungs as well, where there is no lung disease to see"
    text = interval_text(*area[:3])
    meaning = f"{_SEES[by]} tells these films from the training films with AUROC {text}: {follows}."
    return shift_row(f"{TOLD_APART}{by}", area.value, meaning, area.n, area.low, area.high, area.value >= READ_FROM)


def pixel_rows(training: pd.DataFrame, outside: pd.DataFrame) -> list[dict]:
    """The standardised difference of each fact of the pictures, the largest first.

    Args:
        training, outside: A row a film, a column a fact; NaN where unknown.
    """
    rows, n = [], len(training) + len(outside)
    for name in training:
        first, second = training[name].to_numpy(float), outside[name].to_numpy(float)
        difference = standardised_difference(first, second)
        if math.isnan(difference):
            continue
        middles = f"{np.nanmean(second):,.4g} on average, {np.nanmean(first):,.4g} in the training films"
        size = f"a difference of {difference:+.2f} standard deviations"
        if math.isinf(difference):
            size = "each film of a set has the same"
        meaning = f"The {_NAMES.get(name, name)} is {middles}: {size}."
        item, large = f"{name} (standardised difference)", abs(difference) >= LARGE
        rows.append(shift_row(item, difference, meaning, n, warning=large))
    return sorted(rows, key=lambda row: -abs(row["value"]))

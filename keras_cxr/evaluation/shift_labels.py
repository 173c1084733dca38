"""Rows of the shift table on labels and patients: shares of the classes, views and sexes, and the age."""

import math

import numpy as np
import pandas as pd

from keras_cxr.evaluation.findings import indicators
from keras_cxr.evaluation.label_shift import group_counts, share_ratio, shares_differ
from keras_cxr.evaluation.shift import interval_text, p_text, shift_row
from keras_cxr.evaluation.task import ONE_CLASS
from keras_cxr.evaluation.telling_apart import standardised_difference

CHANCE = 0.01  # a p-value above which a difference is not spoken of
TIMES = 1.5  # how many times more, or less, of a group is worth reading
LARGE_AGE = 0.5  # standard deviations (Cohen 1988: medium)


def group_rows(what: str, training: pd.Series, outside: pd.Series, warn: bool = True) -> list[dict]:
    """One row on whether the shares differ at all, and one a group.

    Args:
        what: The groups in words, one of them: 'class', 'view', 'sex'.
        training, outside: Each film's group, '' where unknown.
        warn: Whether differing shares can be a warning.
    """
    counts = group_counts(training, outside)
    p = shares_differ(training, outside)
    if math.isnan(p):
        return []
    first_n, second_n = (int(count) for count in counts.sum())
    rows, differ = [], p < CHANCE
    for group, (first, second) in zip(counts.index, counts.to_numpy(), strict=True):
        ratio = share_ratio(int(first), first_n, int(second), second_n)
        much = differ and not 1 / TIMES < ratio.value < TIMES
        meaning = f"{second / second_n:.1%} of these films are {group}, of the training's {first / first_n:.1%}: "
        meaning += f"{interval_text(*ratio)} times as many."
        rows.append(
            shift_row(
                f"{what} share ratio [{group}]", ratio.value, meaning, first_n + second_n, *ratio[1:], warn and much
            )
        )
    said = "differ" if differ else "do not differ more than by chance"
    whole = f"The shares of {what} {said} ({p_text(p)}, films taken for independent)."
    several = any(row["flag"] for row in rows)
    return [shift_row(f"{what} shares (p)", p, whole, first_n + second_n, warning=several), *rows]


def class_rows(training: pd.Series, outside: pd.Series, classes: list[str], task: str = ONE_CLASS) -> list[dict]:
    """``group_rows`` of the classes; multi-label, a row a finding with the ratio of its shares.

    Args:
        training, outside: Each film's class, or its findings such as 'Effusion|Mass'.
        classes: Of the network.
        task: Of ``evaluation.task``.
    """
    if task == ONE_CLASS:
        return group_rows("class", training, outside)
    rows, found = [], [indicators(texts, classes) for texts in (training, outside)]
    for number, name in enumerate(classes):
        first, second = (pd.Series(np.where(has[:, number], name, f"no {name}")) for has in found)
        rows += [row for row in group_rows("finding", first, second) if row["item"].endswith(f"[{name}]")]
    return rows


def age_row(training: pd.Series, outside: pd.Series) -> list[dict]:
    """The standardised difference of the age in years; nothing where a set has fewer than two known ages."""
    first, second = (pd.to_numeric(ages, errors="coerce").to_numpy(float) for ages in (training, outside))
    difference = standardised_difference(first, second)
    if not math.isfinite(difference):
        return []
    meaning = (
        f"The patients are {np.nanmean(second):.0f} years old in the mean, the training's {np.nanmean(first):.0f}: "
        f"a difference of {difference:+.2f} standard deviations."
    )
    n = int(np.isfinite(first).sum() + np.isfinite(second).sum())
    return [shift_row("age (standardised difference)", difference, meaning, n, warning=abs(difference) >= LARGE_AGE)]

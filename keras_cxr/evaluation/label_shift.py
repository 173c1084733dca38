"""Whether two sets of films hold the same shares of classes, views or sexes; and how much more of one."""

import typing

import numpy as np
import pandas as pd
from scipy import stats


class Ratio(typing.NamedTuple):
    """A ratio of two shares with its 95 % interval."""

    value: float
    low: float
    high: float


def shares_differ(first: pd.Series, second: pd.Series) -> float:
    """The p-value of the hypothesis that two sets hold their groups in equal shares.

    Fisher's exact test for two groups, Pearson's chi-square without correction for more. Films are taken for
    independent, so p is too small where patients have many films.

    Args:
        first, second: The group of each film; empty and missing ones are left out.

    Returns:
        Between 0 and 1; NaN where a set has no film of a known group, or there is one group alone.
    """
    counts = group_counts(first, second)
    if counts.shape[0] < 2 or not (counts.sum(axis=0) > 0).all():
        return np.nan
    if counts.shape[0] == 2:
        return float(stats.fisher_exact(counts.to_numpy()).pvalue)
    return float(stats.chi2_contingency(counts.to_numpy(), correction=False).pvalue)


def group_counts(first: pd.Series, second: pd.Series) -> pd.DataFrame:
    """The films of each group, a row a group by name, in the columns ``first`` and ``second``."""
    known = [values[values.notna() & (values.astype(str) != "")].astype(str) for values in (first, second)]
    return (
        pd.DataFrame({name: one.value_counts() for name, one in zip(("first", "second"), known, strict=True)})
        .fillna(0)
        .astype(int)
        .sort_index()
    )


def share_ratio(first_count: int, first_n: int, second_count: int, second_n: int) -> Ratio:
    """The share of a group in the second set over that in the first, with Katz's interval on the log scale.

    Katz, Baptista, Azen & Pike, Biometrics 1978. With a count of zero half a film is added to every count.

    Args:
        first_count, second_count: Films of the group.
        first_n, second_n: All films, one or more.

    Returns:
        0 or infinite where one of the sets has none of the group; NaN where neither has.
    """
    if not first_count and not second_count:
        return Ratio(np.nan, np.nan, np.nan)
    value = np.inf if not first_count else (second_count / second_n) / (first_count / first_n)
    extra = 0.5 if min(first_count, second_count) == 0 else 0.0
    a, n, b, m = first_count + extra, first_n + extra, second_count + extra, second_n + extra
    centre, error = np.log((b / m) / (a / n)), np.sqrt(max(0.0, 1 / a - 1 / n + 1 / b - 1 / m))
    low, high = np.exp(centre + np.array([-1, 1]) * stats.norm.ppf(0.975) * error)
    return Ratio(float(value), 0.0 if not second_count else float(low), np.inf if not first_count else float(high))

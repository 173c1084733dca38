"""Scores of several trainings together: their mean with its interval, and all side by side."""

import numpy as np
import pandas as pd
from scipy import stats

from keras_cxr.evaluation.table import scores_table

CONFIDENCE = 0.95


def mean_scores(runs: list[pd.DataFrame], dataset: str = "", model: str = "") -> pd.DataFrame:
    """The mean of each metric over trainings, with Student's t interval of the mean.

    The interval is mean ± t(k − 1) · s / √k for k trainings. It tells how far the mean moves with what differs between
    them (the fold, or the seed), not with the choice of patients alone, as the interval of the pooled predictions
    does. It takes the trainings for independent. Those on different folds are not: any two share most of their
    training films, no unbiased estimate of the variance of their mean exists (Bengio and Grandvalet, J Mach Learn Res
    2004), and the interval is as a rule too narrow. Bounds are not cut to the metric's range: one beyond it tells that
    t does not fit so near the edge.

    Args:
        runs: Scores tables of two trainings or more, with the same metrics.
        dataset: Written into the table.
        model: Written into the table.

    Returns:
        A scores table, ``n`` the films of all trainings. NaN for a metric that a training leaves undefined; NaN
        bounds for one that is infinite in a training.
    """
    rows = []
    for metric, values in _values(runs).items():
        k, mean = len(values), values.mean()
        half = stats.t.ppf((1 + CONFIDENCE) / 2, k - 1) * _deviation(values) / np.sqrt(k)
        # An infinite mean has no interval, not one from infinity to infinity.
        low, high = (mean - half, mean + half) if np.isfinite(half) else (np.nan, np.nan)
        n = int(sum(run.set_index("metric")["n"][metric] for run in runs))
        rows.append({"dataset": dataset, "model": model, "metric": metric, "value": mean, "low": low, "high": high})
        rows[-1]["n"] = n
    return scores_table(rows)


def side_by_side(whole: pd.DataFrame, mean: pd.DataFrame, runs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One table to print: a row a metric.

    Args:
        whole: Scores of all predictions together, or of the ensemble; its ``dataset`` is the column's name.
        mean: From ``mean_scores``; its ``dataset`` is the column's name.
        runs: Scores tables by the trainings' names.

    Returns:
        ``metric``, the two columns with intervals as text, ``deviation`` (the standard deviation over the trainings,
        with k − 1), and the value of each training.
    """
    table = pd.DataFrame({"metric": whole["metric"]})
    for part in (whole, mean):
        table[part["dataset"].iloc[0]] = [
            f"{value:.3f} ({low:.3f} to {high:.3f})" if np.isfinite([low, high]).all() else f"{value:.3f}"
            for value, low, high in part[["value", "low", "high"]].itertuples(index=False)
        ]
    table["deviation"] = [_deviation(values) for values in _values(list(runs.values())).values()]
    return table.assign(**{name: run["value"].to_numpy() for name, run in runs.items()})


def _values(runs: list[pd.DataFrame]) -> dict[str, np.ndarray]:
    together = pd.concat([run.set_index("metric")["value"] for run in runs], axis=1)
    return {metric: values.to_numpy("float64") for metric, values in together.iterrows()}


def _deviation(values: np.ndarray) -> float:
    with np.errstate(invalid="ignore"):
        return float(values.std(ddof=1))

"""A predictions table to a scores table: every metric with its 95 % interval.

How the interval is made:

- AUROC: DeLong on the logit scale; sensitivity, specificity, PPV, NPV, precision, accuracy: Wilson. Both hold where
  each film is of another patient (or no patient is known).
- Everything else, and everything where a patient has several films: percentiles of the bootstrap clustered by patient.
- At the edge, where all draws agree (a perfect value, or a single patient) and the bootstrap would claim certainty:
  Wilson's interval on the effective count of patients. For an AUROC that count is the smaller class's: no AUROC has a
  larger variance than a(1 - a) / min(positives, negatives) (Birnbaum & Klose, Ann Math Stat 1957), so the interval is
  conservative. Balanced accuracy, F1, average precision, Brier score, calibration error and the macro values follow
  the same rule, MCC too after scaling to 0 to 1; likelihood ratios take the Wilson bounds of sensitivity and
  specificity. Log loss has no bound: NaN.

The expected calibration error is biased upwards in small samples, and its bootstrap draws more so: where a network is
well calibrated the interval can lie above the value.
"""

import numpy as np
import pandas as pd

from keras_cxr.errors import UsageError
from keras_cxr.evaluation.auroc import delong_interval
from keras_cxr.evaluation.bootstrap import clustered_draws, percentile_interval
from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.metrics import ManyClassMetrics, TwoClassMetrics
from keras_cxr.evaluation.quotient import quotient
from keras_cxr.evaluation.table import scores_table
from keras_cxr.evaluation.wilson import effective_n, wilson_interval


def score(
    predictions: pd.DataFrame, classes: list[str], dataset: str = "", model: str = "", draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Score a predictions table.

    Args:
        predictions: ``truth``, ``label``, ``p_<class>`` for every class; ``patient`` and ``error`` where known.
            Failed rows and rows without truth are left out. The ``label`` column holds the decisions.
        classes: The class names in the network's order; of two, the second is positive.
        dataset: Written into the table.
        model: Written into the table.
        draws: Bootstrap draws; 0 for none, which leaves the intervals that need them NaN.
        seed: Fixes the draws.

    Returns:
        A scores table, one row a metric, ``n`` the count of films used. Undefined values and their intervals are NaN.

    Raises:
        UsageError: ``draws`` is negative.
        CxrError: The table cannot be read as predictions of these classes.
    """
    if draws < 0:
        raise UsageError(f"The 'draws' option must be 0 or more. Received: {draws}.")
    films = scored_films(predictions, classes)
    metrics = TwoClassMetrics(films) if len(classes) == 2 else ManyClassMetrics(films, classes)
    values = {name: float(value[0]) for name, value in metrics(np.ones((1, len(films)))).items()}
    blocks = [metrics(weights) for weights in clustered_draws(films.cluster, draws, seed)]
    rows = []
    for name, value in values.items():
        drawn = np.concatenate([block[name] for block in blocks]) if blocks else np.empty(0)
        low, high = _interval(name, values, drawn, metrics, films)
        rows.append(
            {"dataset": dataset, "model": model, "metric": name, "value": value}
            | {"low": low, "high": high, "n": len(films)}
        )
    return scores_table(rows)


def _interval(name: str, values: dict, drawn: np.ndarray, metrics, films: Films) -> tuple[float, float]:
    if np.isnan(values[name]):
        return np.nan, np.nan
    if not films.clustered and name in metrics.proportions:
        return _wilson(name, values, metrics, films)
    if not films.clustered and name in metrics.rankings:
        low, high = delong_interval(*metrics.rankings[name])
        return (low, high) if low < high else _edge(name, values, metrics, films)
    low, high = percentile_interval(drawn)
    return _edge(name, values, metrics, films) if np.isclose(low, high, rtol=1e-12, atol=0) else (low, high)


def _wilson(name: str, values: dict, metrics, films: Films) -> tuple[float, float]:
    return wilson_interval(values[name], effective_n(films.cluster, metrics.proportions[name]))


def _edge(name: str, values: dict, metrics, films: Films) -> tuple[float, float]:
    """The interval where resampling shows no spread."""
    if name in metrics.proportions:
        return _wilson(name, values, metrics, films)
    if name == "log loss":
        return np.nan, np.nan
    if name.endswith("likelihood ratio"):
        low_sensitivity, high_sensitivity = _wilson("sensitivity", values, metrics, films)
        low_specificity, high_specificity = _wilson("specificity", values, metrics, films)
        if name.startswith("positive"):
            low, high = (low_sensitivity, 1 - low_specificity), (high_sensitivity, 1 - high_specificity)
        else:
            low, high = (1 - high_sensitivity, high_specificity), (1 - low_sensitivity, low_specificity)
        return float(quotient(*low)), float(quotient(*high))
    groups = [metrics.rankings[name][0], ~metrics.rankings[name][0]] if name in metrics.rankings else metrics.groups
    n = min(effective_n(films.cluster, group) for group in groups if group.any())
    if name == "MCC":
        low, high = wilson_interval((values[name] + 1) / 2, n)
        return 2 * low - 1, 2 * high - 1
    return wilson_interval(values[name], n)

"""A predictions table to a scores table: every metric with its 95 % interval. See ``intervals`` for how it is made."""

from collections.abc import Mapping, Sequence

import pandas as pd

from keras_cxr.errors import UsageError
from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.intervals import with_intervals
from keras_cxr.evaluation.metrics import ManyClassMetrics, TwoClassMetrics
from keras_cxr.evaluation.multi_label import MultiLabelMetrics
from keras_cxr.evaluation.table import scores_table
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS


def score(
    predictions: pd.DataFrame,
    classes: list[str],
    dataset: str = "",
    model: str = "",
    draws: int = 2000,
    seed: int = 0,
    points: Mapping[str, float] | None = None,
    order: Sequence[str] | None = None,
    task: str = ONE_CLASS,
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
        points: Of two classes, further operating points: name → threshold; adds 'sensitivity at <name>' and so on.
        order: Of more classes, their order, which adds the quadratic kappa.
        task: Of ``evaluation.task``; see ``films.scored_films``.

    Returns:
        A scores table, one row a metric, ``n`` the count of films used. Undefined values and their intervals are NaN.

    Raises:
        UsageError: ``draws`` is negative.
        CxrError: The table cannot be read as predictions of these classes.
    """
    if draws < 0:
        raise UsageError(f"The 'draws' option must be 0 or more. Received: {draws}.")
    films = scored_films(predictions, classes, task)
    found = with_intervals(_metrics(films, classes, task, points, order), films, draws, seed)
    return scores_table(
        {"dataset": dataset, "model": model, "metric": name, "value": value, "low": low, "high": high, "n": len(films)}
        for name, (value, low, high) in found.items()
    )


def _metrics(films: Films, classes: list[str], task: str, points: Mapping | None, order: Sequence | None):
    if task == MULTI_LABEL:
        return MultiLabelMetrics(films, classes)
    return TwoClassMetrics(films, points) if len(classes) == 2 else ManyClassMetrics(films, classes, order)

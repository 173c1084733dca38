"""Scores of several models on several data sets as one table: trained on × tested on."""

import math

import pandas as pd

MATRIX_COLUMNS = ["model", "trained_on", "dataset", "metric", "value", "low", "high", "n", "seen"]
# By the main score of a model, all that its cells hold; sensitivity and specificity are at the card's threshold.
_METRICS = {
    "AUROC": ("AUROC", "sensitivity", "specificity"),
    "macro AUROC": ("macro AUROC", "macro sensitivity", "balanced accuracy", "macro specificity"),
}


def matrix_table(cells: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """One row a model, data set and score.

    Args:
        cells: ``model, trained_on, dataset, seen``, one row a model and data set, in the order to show them; ``seen``
            where it is the data that the model was trained on, whose own test split is scored.
        scores: Scores table of the cells that have one. Of two classes AUROC, sensitivity and specificity are taken;
            of more macro AUROC, balanced accuracy (the macro sensitivity) and macro specificity.

    Returns:
        Table with ``MATRIX_COLUMNS``; of a cell without scores one row of the main score, ``value``, ``low`` and
        ``high`` NaN and ``n`` 0.
    """
    values = scores.drop_duplicates(["model", "dataset", "metric"]).set_index(["model", "dataset", "metric"])
    rows = []
    for cell in cells.itertuples():
        of_model = set(scores.loc[scores["model"] == cell.model, "metric"]) or set(scores["metric"])
        main = next((name for name in reversed(_METRICS) if name in of_model), "AUROC")
        facts = {"model": cell.model, "trained_on": cell.trained_on, "dataset": cell.dataset}
        found = [name for name in _METRICS[main] if (cell.model, cell.dataset, name) in values.index]
        for name in found:
            row = values.loc[(cell.model, cell.dataset, name)]
            rows.append({**facts, "metric": name, **row[["value", "low", "high", "n"]], "seen": cell.seen})
        if not found:
            rows.append({**facts, "metric": main, "value": math.nan, "low": math.nan, "high": math.nan})
            rows[-1] |= {"n": 0, "seen": cell.seen}
    return pd.DataFrame(rows, columns=MATRIX_COLUMNS).astype({"n": int, "seen": bool})

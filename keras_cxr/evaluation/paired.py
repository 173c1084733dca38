"""Two or more models on the same films: the differences of their scores, with intervals and p-values.

- Intervals: percentiles of the bootstrap clustered by patient, both models scored on the same draws.
- p of an AUROC: DeLong's test for two correlated AUROCs, with Obuchowski's covariance, which holds where patients have
  several films (DeLong et al., Biometrics 1988; Obuchowski, Biometrics 1997).
- p of any other score: a permutation test. For every patient the two models' answers are swapped together or left as
  they are (Good, Permutation Tests, 2000). See ``permutation``.
- With several models every one is held against the reference, and the p-values of one score are adjusted after Holm
  (Scand J Stat 1979). Scores are not adjusted for one another: name the one that decides beforehand.
"""

import numpy as np
import pandas as pd

from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.evaluation.auroc import delong_test
from keras_cxr.evaluation.bootstrap import clustered_draws, percentile_interval
from keras_cxr.evaluation.films import Films, scored_films
from keras_cxr.evaluation.permutation import difference, metrics_of, permutation_test

DIFFERENCES_COLUMNS = ["dataset", "model", "reference", "metric", "difference", "low", "high", "p", "n"]
# Ratios, whose differences mean little, and the calibration error, which is biased, are not compared; nor is average
# precision, whose permutation test takes minutes on thousands of films.
TWO_CLASSES = (
    "AUROC",
    "accuracy",
    "balanced accuracy",
    "sensitivity",
    "specificity",
    "PPV",
    "NPV",
    "F1",
    "MCC",
    "Brier score",
    "log loss",
)
MANY_CLASSES = ("macro AUROC", "accuracy", "balanced accuracy", "macro F1")


def compared_metrics(classes: list[str]) -> tuple[str, ...]:
    """The scores that models of these classes are compared by, the main one first."""
    return TWO_CLASSES if len(classes) == 2 else MANY_CLASSES


def common_films(predictions: dict[str, pd.DataFrame], classes: list[str]) -> tuple[dict[str, pd.DataFrame], int]:
    """The films that every model could read, in the same order.

    Args:
        predictions: Model name → predictions table with ``image`` and ``truth``; ``patient``, ``error`` where known.
        classes: The class names in the network's order.

    Returns:
        The tables without the other rows, and how many films were dropped, of those that any table names.

    Raises:
        CxrError: A table is of other classes, names a film twice, or says another truth; or no film is left.
    """
    expected = {f"p_{name}" for name in classes}
    by_image = {}
    for name, table in predictions.items():
        found = {str(column) for column in table if str(column).startswith("p_")}
        if found != expected or "image" not in table:
            columns = ", ".join(sorted(found)) or "none"
            raise CxrError(
                f"The predictions of {name} must have the columns image, {', '.join(sorted(expected))} to be "
                f"compared. Received of these classes: {columns}. Compare models of the same classes."
            )
        if table["image"].duplicated().any():
            raise CxrError(
                f"The predictions of {name} name a film twice: {table['image'][table.duplicated('image')].iloc[0]}."
            )
        by_image[name] = table.set_index("image", drop=False)
    every = pd.Index(dict.fromkeys(image for table in by_image.values() for image in table.index))
    good = pd.Series(True, every)
    for table in by_image.values():
        failed = table["error"].fillna("").astype(str) != "" if "error" in table else pd.Series(False, table.index)
        good &= ~failed.reindex(every, fill_value=True)
    kept = every[good.to_numpy()]
    if not len(kept):
        raise CxrError(f"No film was read by each of {', '.join(predictions)}; there is nothing to compare.")
    tables = {name: table.loc[kept].reset_index(drop=True) for name, table in by_image.items()}
    first = next(iter(tables.values()))["truth"]
    for name, table in tables.items():
        if not table["truth"].equals(first):
            raise CxrError(f"The predictions of {name} have another truth for the same films. Label them anew.")
    return tables, len(every) - len(kept)


def compare_predictions(
    predictions: dict[str, pd.DataFrame],
    classes: list[str],
    reference: str | None = None,
    dataset: str = "",
    draws: int = 2000,
    permutations: int = 10_000,
    seed: int = 0,
) -> pd.DataFrame:
    """Hold every model against the reference on the films that all could read.

    Args:
        predictions: Model name → predictions table, two or more; see ``common_films``.
        classes: The class names in the network's order; of two, the second is positive.
        reference: One of the names; None: the first.
        dataset: Written into the table.
        draws: Of the bootstrap.
        permutations: Of the permutation test; where the patients can be swapped in fewer ways, each is taken once.
        seed: Fixes both.

    Returns:
        The columns of ``DIFFERENCES_COLUMNS``: ``difference`` is the model's score less the reference's, ``low`` and
        ``high`` its 95 % interval, ``p`` two-sided, adjusted after Holm over the models, ``n`` the films. Undefined
        values are NaN.

    Raises:
        UsageError: Fewer than two models, or an unknown reference.
        CxrError: See ``common_films``.
    """
    if len(predictions) < 2:
        raise UsageError(f"Two models or more must be given to compare. Received: {', '.join(predictions) or 'none'}.")
    reference = reference or next(iter(predictions))
    if reference not in predictions:
        raise unknown_name("reference", reference, predictions)
    tables, _ = common_films(predictions, classes)
    films = {name: scored_films(table, classes) for name, table in tables.items()}
    rows = []
    for name in films:
        if name == reference:
            continue
        values = _differences(films[name], films[reference], classes, draws, permutations, seed)
        rows += [
            {"dataset": dataset, "model": name, "reference": reference, "metric": metric, "n": len(films[name])} | value
            for metric, value in values.items()
        ]
    table = pd.DataFrame(rows)[DIFFERENCES_COLUMNS]
    table["p"] = table.groupby("metric")["p"].transform(lambda p: holm(p.to_numpy()))
    return table


def holm(p: np.ndarray) -> np.ndarray:
    """p-values adjusted after Holm for as many tests as are defined; NaN stays NaN."""
    p = np.asarray(p, dtype="float64")
    adjusted = np.full(len(p), np.nan)
    order = np.argsort(p)[: int((~np.isnan(p)).sum())]
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted


def _differences(
    first: Films, second: Films, classes: list[str], draws: int, permutations: int, seed: int
) -> dict[str, dict[str, float]]:
    names = compared_metrics(classes)
    one, two = metrics_of(first, classes), metrics_of(second, classes)
    found = difference(one, two, np.ones((1, len(first))), np.ones((1, len(first))), names)
    drawn = [difference(one, two, block, block, names) for block in clustered_draws(first.cluster, draws, seed)]
    counted = [name for name in names if name != "AUROC"]
    chances = permutation_test(first, second, classes, counted, permutations, seed)
    if "AUROC" in names:
        answers = first.probability[:, 1], second.probability[:, 1]
        chances["AUROC"] = delong_test(first.truth == 1, *answers, clusters=first.cluster).p_value
    values = {}
    for name in names:
        low, high = percentile_interval(np.concatenate([block[name] for block in drawn] or [np.empty(0)]))
        value = float(found[name][0])
        p = chances[name] if not np.isnan(value) else np.nan
        values[name] = {"difference": value, "low": low, "high": high, "p": p}
    return values

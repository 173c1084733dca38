"""Scores with their intervals."""

from collections.abc import Sequence

import pandas as pd

from keras_cxr.report.blocks import Grid, Matrix, Section
from keras_cxr.report.cells import interval, intervals, number, whole
from keras_cxr.report.contents import ModelResults, Scored

HEADLINE = (
    "AUROC",
    "macro AUROC",
    "average precision",
    "macro average precision",
    "sensitivity",
    "specificity",
    "PPV",
    "NPV",
    "accuracy",
    "balanced accuracy",
    "F1",
    "macro F1",
    "MCC",
    "Brier score",
    "expected calibration error",
)
_METHOD = (
    "Values with 95 % intervals. They say how far the value would move with other patients of the same kind, not how "
    "the model does elsewhere."
)


def scores(results: ModelResults, key: str) -> Section | None:
    """The headline scores of each data set, and all of them folded."""
    table = results.table("scores")
    title, where = "Scores", "the films scored"
    if not len(table) and results.trained:
        table = pd.DataFrame(results.trained.card.get("scores", []))
        title, where = (
            "Validation scores",
            "the validation films, on which threshold, temperature and epoch were chosen",
        )
    if not len(table):
        return None
    if "dataset" not in table:
        table = table.assign(dataset="validation")
    used = ", ".join(f"{number(value)} for {name}" for name, value in results.thresholds.items())
    at = f"Threshold of the decisions: {used}." if used else ""
    blocks = [f"{_METHOD} {at}".strip(), Grid(f"Scores on {where}", by_dataset(table), _datasets(table))]
    blocks.append(Grid("All scores", _all(table), ["value (95 % interval)", "n"], folded=True))
    return Section(title, blocks)


def confusions(results: ModelResults, key: str) -> Section | None:
    """Confusion matrices with the percent of each row, and the commonest confusions of many classes."""
    if not results.scored:
        return None
    blocks: list = [_confusion(each) for each in results.scored if each.scored]
    table = results.table("confusions")
    if len(table):
        cells = pd.DataFrame(
            {
                "data set": table["dataset"],
                "true class": table["truth"],
                "called": table["label"],
                "films": table["films"].map(whole),
                "share (95 % interval)": intervals(table, "share"),
                "of": table["n"].map(whole),
            }
        )
        blocks.append(Grid("The commonest confusions", cells, ["films", "share (95 % interval)", "of"]))
    return Section("Confusion matrix", blocks) if blocks else None


def not_used(results: ModelResults, key: str) -> Section | None:
    """What the scored films would have chosen for themselves."""
    table = results.table("not_used")
    if not len(table):
        return None
    numbers = ["used", "not used", "with used", "with not used"]
    cells = table[["dataset", "setting", "metric", *numbers]].rename(columns={"dataset": "data set"})
    cells = cells.assign(**{name: table[name].map(number) for name in numbers}, n=table["n"].map(whole))
    about = (
        "These settings flatter and enter no score. One far from the setting in use tells that the films differ from "
        "those the model was validated on."
    )
    return Section(
        "Settings the scored films would have chosen",
        [about, Grid("Threshold and temperature in use, and not used", cells, [*numbers, "n"])],
    )


def _confusion(each: Scored) -> Matrix | Grid:
    if not each.multi_label:
        return Matrix(f"{each.name}: films, and percent of the true class", each.classes, each.counts)
    rows = [
        {"finding": name, "with it, found": _share(tp, tp + fn), "with it, missed": _share(fn, tp + fn)}
        | {"without it, called": _share(fp, fp + tn), "without it, cleared": _share(tn, fp + tn)}
        for name, ((tn, fp), (fn, tp)) in zip(each.classes, each.counts, strict=True)
    ]
    cells = pd.DataFrame(rows)
    return Grid(f"{each.name}: films by finding, and percent of those with or without it", cells, list(cells)[1:])


def _share(count: int, of: int) -> str:
    return f"{whole(count)} ({100 * count / of:.1f} %)" if of else whole(count)


def _datasets(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["dataset"]))


def by_dataset(table: pd.DataFrame, metrics: Sequence[str] = HEADLINE) -> pd.DataFrame:
    """The scores of these names that there are, a row each, and a column a data set."""
    metrics = [name for name in metrics if (table["metric"] == name).any()]
    cells = {"score": metrics}
    for name in _datasets(table):
        own = table[table["dataset"] == name].drop_duplicates("metric").set_index("metric")
        rows = [own.loc[metric] if metric in own.index else None for metric in metrics]
        cells[name] = ["–" if row is None else interval(row["value"], row["low"], row["high"]) for row in rows]
    return pd.DataFrame(cells)


def _all(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "data set": table["dataset"],
            "score": table["metric"],
            "value (95 % interval)": intervals(table),
            "n": table["n"].map(whole),
        }
    )

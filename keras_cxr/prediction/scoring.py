"""Predictions tables of one or more data sets to everything an evaluation writes; whoever made the predictions."""

import dataclasses
import math
import pathlib

import pandas as pd

from keras_cxr.evaluation.confusions import top_confusions
from keras_cxr.evaluation.films import scored_films
from keras_cxr.evaluation.intervals import method_of
from keras_cxr.evaluation.preferred import not_used_line, preferred_settings
from keras_cxr.evaluation.prevalence import at_prevalence
from keras_cxr.evaluation.reports import (
    classification_table,
    confusion,
    finding_confusion,
    precision_recall_points,
    roc_points,
)
from keras_cxr.evaluation.scores import score
from keras_cxr.evaluation.subgroups import score_groups
from keras_cxr.evaluation.table import scores_table
from keras_cxr.evaluation.task import MULTI_LABEL, ONE_CLASS
from keras_cxr.files import write_csv
from keras_cxr.prediction.decision import Decision
from keras_cxr.prediction.notes import write_notes
from keras_cxr.prediction.score_options import ScoreOptions
from keras_cxr.report.figures import confusion_figure, finding_confusion_figure, precision_recall_figure, roc_figure
from keras_cxr.report.forest import forest_figure

HALF = {"0.5": 0.5}


@dataclasses.dataclass
class Evaluation:
    """What an evaluation found.

    Attributes:
        predictions: Predictions table with ``dataset``, ``truth`` and ``patient``.
        scores: Scores table.
        tables: By data set, the table of precision, recall, F1 and support that scikit-learn prints.
        notes: Lines for the user.
        subgroups: See ``evaluation.subgroups.SUBGROUP_COLUMNS``; empty unless asked for.
        confusions: See ``evaluation.confusions.CONFUSIONS_COLUMNS``; of two classes and multi-label empty.
        not_used: See ``evaluation.preferred.NOT_USED_COLUMNS``; of more than two classes and multi-label empty.
        beside: By name, what was looked at beside the scores; see ``elsewhere.beside.TABLES``.
    """

    predictions: pd.DataFrame
    scores: pd.DataFrame
    tables: dict[str, str]
    notes: list[str]
    subgroups: pd.DataFrame
    confusions: pd.DataFrame
    not_used: pd.DataFrame
    beside: dict[str, pd.DataFrame] = dataclasses.field(default_factory=dict)


def write_evaluation(
    parts: dict[str, pd.DataFrame],
    classes: list[str],
    model: str,
    options: ScoreOptions,
    decision: Decision,
    output: pathlib.Path,
    notes: list[str],
    task: str = ONE_CLASS,
) -> Evaluation:
    """Score predictions and write ``output``: predictions.csv, scores.csv, notes.txt, figures, what ``options`` ask.

    Args:
        parts: Data set → predictions table with ``dataset``, ``truth``, ``patient`` and those of the columns of
            ``options.by`` that the data set has.
        classes: In the network's order; of two, the second is positive.
        model: Written into the tables.
        options: See ``ScoreOptions``.
        decision: See ``Decision``.
        output: Folder.
        notes: Lines for the user that are known already.
        task: Of ``evaluation.task``.
    """
    two = len(classes) == 2 and task == ONE_CLASS

    def scored(part: pd.DataFrame, draws: int = 2000) -> pd.DataFrame:
        name, points = part["dataset"].iloc[0], HALF | decision.points if two else None
        table = score(part, classes, name, model, draws, points=points, order=options.order_of(classes), task=task)
        return _joined([table, at_prevalence(table, options.prevalence)]) if options.prevalence else table

    notes, scores, groups, confusions, not_used = list(notes), [], [], [], []
    for name, part in parts.items():
        scores += [scored(part), _thresholds(decision, name, model)]
        by = [column for column in options.by if column in part and len(part)]
        groups += [score_groups(part, classes, column, scored, task) for column in by]
        notes.append(f"95 % intervals of {name}: {method_of(scored_films(part, classes, task))}.")
        if two:
            not_used.append(preferred_settings(part, classes, decision.threshold, decision.temperature, name, model))
        elif task == ONE_CLASS:
            confusions.append(top_confusions(part, classes, name, model))
    notes += [not_used_line(table) for table in not_used if len(table)]
    evaluation = Evaluation(
        pd.concat(parts.values(), ignore_index=True),
        _joined(scores),
        {name: classification_table(part, classes, task) for name, part in parts.items()},
        list(dict.fromkeys(notes)),
        *(_joined(tables) for tables in (groups, confusions, not_used)),
    )
    _write(evaluation, parts, classes, output, task)
    return evaluation


def _thresholds(decision: Decision, dataset: str, model: str) -> pd.DataFrame:
    """The operating points themselves, as rows of the scores table; ``n``: the films that they were chosen on."""
    rows = [] if math.isnan(decision.threshold) else [("threshold", decision.threshold, decision.films)]
    rows += [(f"threshold[{name}]", threshold, decision.films) for name, threshold in decision.thresholds.items()]
    rows += [(f"threshold at {name}", decision.points[name], films) for name, films in decision.chosen_on.items()]
    return scores_table(
        {"dataset": dataset, "model": model, "metric": metric, "value": value, "low": math.nan, "high": math.nan}
        | {"n": films}
        for metric, value, films in rows
    )


def _joined(tables: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _write(
    evaluation: Evaluation, parts: dict[str, pd.DataFrame], classes: list[str], output: pathlib.Path, task: str
) -> None:
    write_csv(output / "predictions.csv", evaluation.predictions)
    write_csv(output / "scores.csv", evaluation.scores)
    write_notes(output, evaluation.notes)
    for name in ("subgroups", "confusions", "not_used"):
        if len(table := getattr(evaluation, name)):
            write_csv(output / f"{name}.csv", table)
        else:
            # One of an earlier evaluation would be taken for this one's.
            (output / f"{name}.csv").unlink(missing_ok=True)
    for name, part in parts.items():
        suffix = "" if len(parts) == 1 else f"_{name}"
        figure, counts = _CONFUSION[task]
        figure(counts(part, classes), classes, output / f"confusion_matrix{suffix}.png")
        if len(groups := evaluation.subgroups) and len(own := groups[groups["dataset"] == name]):
            whole = evaluation.scores[evaluation.scores["dataset"] == name]
            forest_figure(whole, own, output / f"subgroups{suffix}.png")
    _curves(parts, classes, evaluation.scores, output, task)


_CONFUSION = {
    ONE_CLASS: (confusion_figure, confusion),
    MULTI_LABEL: (finding_confusion_figure, finding_confusion),
}


def _curves(
    parts: dict[str, pd.DataFrame], classes: list[str], scores: pd.DataFrame, output: pathlib.Path, task: str
) -> None:
    two = len(classes) == 2 and task == ONE_CLASS
    for metric, points, figure, file in (
        ("AUROC", roc_points, roc_figure, "roc.png"),
        ("average precision", precision_recall_points, precision_recall_figure, "precision_recall.png"),
    ):
        curves, labels = {}, {}
        for name, part in parts.items():
            for label, curve in points(part, classes, task).items():
                key = name if two else label if len(parts) == 1 else f"{name}: {label}"
                curves[key] = curve
                labels[key] = _legend(key, scores, name, metric if two else f"{metric}[{label}]")
        if curves:
            figure(curves, output / file, labels)


def _legend(curve: str, scores: pd.DataFrame, dataset: str, metric: str) -> str:
    row = scores[(scores["dataset"] == dataset) & (scores["metric"] == metric)]
    if not len(row):
        return curve
    value, low, high = row[["value", "low", "high"]].iloc[0]
    return f"{curve}, {metric.partition('[')[0]} {value:.3f} ({low:.3f} to {high:.3f})"

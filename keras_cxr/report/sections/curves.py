"""The curves of each data set: ROC, precision-recall, calibration, threshold; and the subgroups' forest plot."""

import functools

import pandas as pd

from keras_cxr.report.blocks import Grid, Row, Section
from keras_cxr.report.calibration import calibration_figure
from keras_cxr.report.cells import interval, whole
from keras_cxr.report.contents import ModelResults, Scored
from keras_cxr.report.figures import precision_recall_figure, roc_figure
from keras_cxr.report.forest import forest_figure
from keras_cxr.report.inline import inline_svg
from keras_cxr.report.threshold import net_benefit_figure, threshold_figure

_PRECISION = "Precision-recall curve; precision depends on how many of the films are positive."


def discrimination(results: ModelResults, key: str) -> Section | None:
    """ROC and precision-recall curves, every data set in one figure where there are two classes."""
    pictures = []
    for kind, draw, metric, name, caption in (
        ("roc", roc_figure, "AUROC", "ROC curve", "ROC curve; the dotted diagonal is chance."),
        ("precision_recall", precision_recall_figure, "average precision", "Precision-recall curve", _PRECISION),
    ):
        curves, labels = {}, {}
        for each in results.scored:
            for label, points in getattr(each, kind).items():
                name_of = _curve_name(results, each, label)
                curves[name_of] = points
                row = _score(results, each, metric, label)
                labels[name_of] = f"{name_of}, {metric} {interval(*row)}" if row else name_of
        if curves:
            picture = functools.partial(draw, curves, labels=labels)
            alt = f"{name}: {'; '.join(labels.values())}."
            pictures.append(inline_svg(picture, f"{key}-{kind.replace('_', '-')}", alt, caption))
    return Section("Discrimination", [Row(pictures)]) if pictures else None


def calibration(results: ModelResults, key: str) -> Section | None:
    """Calibration curves."""
    curves = {
        _curve_name(results, each, label): points
        for each in results.scored
        for label, points in each.reliability.items()
    }
    if not curves:
        return None
    picture = inline_svg(
        lambda file: calibration_figure(curves, file),
        f"{key}-calibration",
        f"Observed share against predicted probability of {', '.join(curves)}.",
        "Calibration: a film of predicted probability 0.8 should be of the class 8 times in 10. Ten bins of equal "
        "width, Wilson intervals on the effective number of patients; below, the films of each bin.",
    )
    return Section("Calibration", [picture])


def thresholds(results: ModelResults, key: str) -> Section | None:
    """What other thresholds would give, and the decision curve."""
    blocks: list = []
    for each in results.scored:
        for label, points in each.thresholds.items():
            place, used = len(blocks), results.thresholds.get(label)
            name = _curve_name(results, each, label)
            scores = inline_svg(
                functools.partial(threshold_figure, points, threshold=used),
                f"{key}-threshold-{place}",
                f"Sensitivity, specificity and PPV of {name} against the threshold.",
                f"{name}: sensitivity, specificity and PPV, were the threshold another.",
            )
            worth = inline_svg(
                functools.partial(net_benefit_figure, each.net_benefit[label], threshold=used),
                f"{key}-net-benefit-{place}",
                f"Net benefit of the model on {name} against the threshold, beside all films positive and none.",
                f"{name}: net benefit (Vickers and Elkin 2006) at the prevalence of these films.",
            )
            blocks.append(Row([scores, worth]))
    about = "A threshold that is read off these curves is chosen on the films it is judged by, and flatters."
    return Section("Choice of threshold", [about, *blocks]) if blocks else None


def subgroups(results: ModelResults, key: str) -> Section | None:
    """The forest plot of each data set, and what is too small for it."""
    blocks: list = []
    for place, each in enumerate(results.scored):
        table, whole_set = results.table("subgroups", each.name), results.table("scores", each.name)
        if not len(table):
            continue
        table = table.assign(note=table["note"].fillna(""), group=table["group"].astype(str))
        groups = list(dict.fromkeys(zip(table["column"], table["group"], strict=True)))
        picture = inline_svg(
            functools.partial(forest_figure, whole_set, table),
            f"{key}-subgroups-{place}",
            f"Scores of {each.name} in {len(groups)} groups, with 95 % intervals; the numbers are in the table below.",
            f"{each.name} by subgroup. Differences between groups are not tested.",
        )
        blocks += [picture, group_scores(table, each.name)]
    return Section("Subgroups", blocks) if blocks else None


def group_scores(table: pd.DataFrame, name: str) -> Grid:
    """The headline scores of each group of one data set, from rows of ``subgroups.csv``."""
    metrics = ("AUROC", "macro AUROC", "sensitivity", "specificity", "accuracy")
    table = table[table["metric"].isin(metrics)]
    rows = []
    for (column, group), own in table.groupby(["column", "group"], sort=False):
        values = {
            row.metric: interval(row.value, row.low, row.high) for row in own.itertuples() if row.metric in metrics
        }
        first = own.iloc[0]
        counts = {"films": whole(first["n"]), "patients": whole(first["patients"])}
        rows.append({"group": f"{column}: {group}", **counts, **values, "note": first["note"]})
    cells = pd.DataFrame(rows).fillna("")
    numbers = [column for column in cells if column not in ("group", "note")]
    return Grid(f"{name}: scores by subgroup", cells, numbers, folded=True)


def _curve_name(results: ModelResults, each: Scored, label: str) -> str:
    if len(each.classes) == 2 and not each.multi_label:
        return each.name
    return label if len(results.scored) == 1 else f"{each.name}: {label}"


def _score(results: ModelResults, each: Scored, metric: str, label: str) -> tuple[float, float, float] | None:
    table = results.table("scores", each.name)
    name = metric if len(each.classes) == 2 and not each.multi_label else f"{metric}[{label}]"
    rows = table[table["metric"] == name] if len(table) else table
    return tuple(rows[["value", "low", "high"]].iloc[0]) if len(rows) else None

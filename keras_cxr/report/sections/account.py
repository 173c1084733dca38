"""What the results rest on: notes on the data, limits, versions and the command."""

import pandas as pd

from keras_cxr.report.blocks import Code, Facts, Grid, Section
from keras_cxr.report.cells import interval, moment, text, whole
from keras_cxr.report.contents import Contents, ModelResults

LIMITS = (
    "For research, not for diagnosis. No regulator has cleared the model or this program for any medical use.",
    "Labels of public data sets come from reports or from single readers; the scores share their errors.",
    "The films are those that were at hand, not a random sample of the patients of any clinic; PPV, NPV and net "
    "benefit hold for their prevalence alone.",
    "An interval holds one comparison. Among many metrics, subgroups or models some look good or bad by chance.",
)
AT_HOME = (
    "Only films of the data that the model was trained on were scored. A good score at home says little of another "
    "hospital, another machine or another kind of patient."
)
_VALIDATION = (
    "Threshold, temperature and epoch were chosen on the validation films, whose scores therefore flatter. Score "
    "films that had no part in the training with 'keras-cxr evaluate'."
)
_HEADLINE = ("AUROC", "macro AUROC", "sensitivity", "specificity", "accuracy")


def matrix(contents: Contents) -> Section | None:
    """Every model on every data set."""
    table = contents.matrix
    if not len(table):
        return None
    blocks: list = [
        "Each row is a model, each column the films that it was scored on. An asterisk marks the data that the model "
        "was trained on; there its own test films are scored."
    ]
    for metric in _HEADLINE:
        own = table[table["metric"] == metric]
        if own.empty:
            continue
        sets = list(dict.fromkeys(own["dataset"]))
        rows = []
        for (model, trained_on), part in own.groupby(["model", "trained_on"], sort=False, dropna=False):
            row = {"model": model, "trained on": text(trained_on), **dict.fromkeys(sets, "–")}
            for one in part.itertuples():
                star = " *" if str(one.seen).lower() == "true" else ""
                row[one.dataset] = f"{interval(one.value, one.low, one.high)}{star}"
            rows.append(row)
        blocks.append(
            Grid(
                f"{metric[:1].upper()}{metric[1:]} by model and data set, with 95 % intervals", pd.DataFrame(rows), sets
            )
        )
    return Section("Models and data sets", blocks)


def notes(results: ModelResults, key: str) -> Section | None:
    """Lines that were told at the evaluation, and what could not be read."""
    return Section("Notes on the data", [list(results.notes)]) if results.notes else None


def common_notes(contents: Contents) -> Section | None:
    """The notes that are of no one model."""
    return Section("Notes", [contents.notes]) if contents.notes else None


def limits(contents: Contents) -> Section:
    """What the numbers do not say."""
    sets = [each for results in contents.models for each in results.scored]
    lines = list(LIMITS)
    if not sets:
        lines.insert(1, _VALIDATION)
    elif all(each.own for each in sets):
        lines.insert(1, AT_HOME)
    return Section("Limits", [lines])


def provenance(contents: Contents) -> Section:
    """Command, settings, folders and versions."""
    account = contents.account
    rows = [("Evaluated", moment(account.get("created")))]
    rows += [(f"Data: {name}", folder) for name, folder in account.get("data", {}).items()]
    rows += [(f"Model: {name}", folder) for name, folder in account.get("models", {}).items()]
    rows += [(name, text(value)) for name, value in account.get("settings", {}).items() if text(value)]
    rows += [(f"Version of {name}", version) for name, version in account.get("versions", {}).items()]
    for results in contents.models:
        versions = results.trained.card.get("versions", {}) if results.trained else {}
        if versions:
            rows.append((f"{results.name} was trained with", ", ".join(f"{a} {b}" for a, b in versions.items())))
    blocks: list = [Facts([(name, value) for name, value in rows if value])]
    if account.get("command"):
        blocks.append(Code(account["command"]))
    return Section("Versions and command", blocks)


def at_a_glance(contents: Contents) -> Section | None:
    """The headline score of every model on every data set."""
    rows = []
    for results in contents.models:
        for each in results.scored:
            table = results.table("scores", each.name)
            if not len(table):
                continue
            row = {"model": results.name, "data set": each.name, "films": whole(each.scored)}
            for metric in _HEADLINE:
                own = table[table["metric"] == metric]
                if len(own):
                    row[metric] = interval(*own[["value", "low", "high"]].iloc[0])
            rows.append(row)
    if not rows:
        return None
    cells = pd.DataFrame(rows).fillna("")
    numbers = [name for name in cells if name not in ("model", "data set")]
    return Section("At a glance", [Grid("Headline scores with 95 % intervals", cells, numbers)])

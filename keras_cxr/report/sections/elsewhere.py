"""How the model fares away from home: shift, remedies, recalibration, and whether it looks at the lungs."""

import functools

import numpy as np
import pandas as pd

from keras_cxr.report.blocks import Grid, Section
from keras_cxr.report.cells import intervals, number, text, whole
from keras_cxr.report.contents import ModelResults
from keras_cxr.report.inline import inline_svg
from keras_cxr.report.probe import probe_figure
from keras_cxr.report.recalibration import recalibration_figure
from keras_cxr.report.remedies import remedies_figure
from keras_cxr.report.shift import shift_figure

_RECALIBRATED = ("balanced accuracy", "AUROC", "macro AUROC")


def shift(results: ModelResults, key: str) -> Section | None:
    """How the scored films differ from those the model was trained on."""
    table = results.table("shift")
    if not len(table):
        return None
    flags = table["flag"].map(text)
    cells = pd.DataFrame(
        {
            "data set": table["dataset"],
            "held against": table["reference"],
            "what": table["item"],
            "value (95 % interval)": intervals(table),
            "n": table["n"].map(whole),
            "in words": table["meaning"].map(text),
        }
    )
    warnings = [text(row.meaning) for row in table[flags != ""].itertuples()]
    caption = "How these films differ from the model's own; in bold what should warn"
    marked = np.flatnonzero(flags != "").tolist()
    grid = Grid(caption, cells, ["value (95 % interval)", "n"], marked=marked)
    blocks: list = [warnings] if warnings else []
    if table["item"].astype(str).str.startswith("told apart by").any():
        picture = inline_svg(
            functools.partial(shift_figure, table, {}),
            f"{key}-shift",
            "How well a classifier tells the scored films from the training films; the numbers are in the table below.",
            "Told apart from the training films: 0.5 is not at all, 1 is every film. Orange warns.",
        )
        blocks.append(picture)
    return Section("Shift", [*blocks, grid])


def remedies(results: ModelResults, key: str) -> Section | None:
    """What each remedy changes."""
    table = results.table("remedies")
    if not len(table):
        return None
    cells = pd.DataFrame(
        {
            "data set": table["dataset"],
            "remedy": table["remedy"],
            "uses": table["uses"],
            "score": table["metric"],
            "before": table["before"].map(number),
            "after": table["after"].map(number),
            "difference (95 % interval)": intervals(table, "difference", signed=True),
            "n": table["n"].map(whole),
            "verdict": table["verdict"].map(text),
        }
    )
    numbers = ["before", "after", "difference (95 % interval)", "n"]
    about = (
        "Each remedy is held against the model as it is, on the same films; intervals are clustered by patient. A "
        "remedy that is chosen because it looked best here must be proved on films that had no part in the choice."
    )
    pictures = [
        inline_svg(
            functools.partial(remedies_figure, own),
            f"{key}-remedies-{place}",
            f"The difference that each remedy makes on {name}; the numbers are in the table below.",
            f"{name}: after less before, with 95 % intervals.",
        )
        for place, (name, own) in enumerate(table.groupby("dataset", sort=False))
        if _complete(own)
    ]
    return Section("Remedies", [about, *pictures, Grid("Remedies in numbers", cells, numbers)])


def _complete(table: pd.DataFrame) -> bool:
    """Whether every remedy has every score, which the figure takes for granted."""
    return len(table) == table["remedy"].nunique() * table["metric"].nunique()


def recalibration(results: ModelResults, key: str) -> Section | None:
    """What a number of labelled films of the other hospital would buy."""
    table = results.table("recalibration")
    if not len(table):
        return None
    pictures = [
        inline_svg(
            functools.partial(recalibration_figure, own),
            f"{key}-recalibration-{place}",
            f"Scores of {name} against the number of labelled films used; the numbers are in the table below.",
            f"{name}: the mean over the draws, in a band of 95 % of them.",
        )
        for place, (name, own) in enumerate(table.groupby("dataset", sort=False))
        if own["metric"].isin(_RECALIBRATED).any()
    ]
    cells = pd.DataFrame(
        {
            "data set": table["dataset"],
            "what": table["what"],
            "films": table["films"].map(whole),
            "score": table["metric"],
            "value (95 % of the draws)": intervals(table),
            "draws": table["draws"].map(whole),
        }
    )
    numbers = ["films", "value (95 % of the draws)", "draws"]
    return Section("Recalibration", [*pictures, Grid("Recalibration in numbers", cells, numbers, folded=True)])


def probe(results: ModelResults, key: str) -> Section | None:
    """What the model can do without the lungs."""
    table = results.table("probe")
    if not len(table):
        return None
    flags = table["flag"].map(text)
    cells = pd.DataFrame(
        {
            "data set": table["dataset"],
            "what the model is shown": table["view"],
            "score": table["metric"],
            "value (95 % interval)": intervals(table),
            "n": table["n"].map(whole),
            "": flags,
        }
    )
    about = (
        "A model that reads the disease from the lungs loses it where they are covered, and knows nothing from the "
        "border alone. One that scores well there takes a shortcut (DeGrave, Janizek and Lee 2021)."
    )
    marked = np.flatnonzero(flags != "").tolist()
    pictures = [
        inline_svg(
            functools.partial(probe_figure, own),
            f"{key}-probe-{place}",
            f"{metric} on {name} by what the model is shown; the numbers are in the table below.",
            f"{name}: {metric} by what the model is shown; dotted, chance.",
        )
        for place, ((name, metric), own) in enumerate(table.groupby(["dataset", "metric"], sort=False))
        if metric in ("AUROC", "macro AUROC")
    ]
    return Section(
        "Shortcut probe",
        [about, *pictures, Grid("Scores by what is shown", cells, ["value (95 % interval)", "n"], marked=marked)],
    )

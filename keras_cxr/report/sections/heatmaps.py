"""Whether the heatmaps may be believed, where ``explain --score`` has measured them into the same folder."""

import functools

import pandas as pd

from keras_cxr.report.blocks import Grid, Section
from keras_cxr.report.cells import intervals, number, text, whole
from keras_cxr.report.contents import ModelResults
from keras_cxr.report.inline import inline_svg
from keras_cxr.report.map_scores import map_scores_figure


def map_scores(results: ModelResults, key: str) -> Section | None:
    """Every score of the heatmaps beside what chance reaches."""
    table = results.table("map_scores")
    if not len(table):
        return None
    cells = pd.DataFrame(
        {
            "model": table["model"],
            "method": table["method"],
            "measure": table["measure"],
            "value (95 % interval)": intervals(table),
            "chance": table["chance"].map(number),
            "n": table["n"].map(whole),
            "meaning": table["meaning"].map(text),
        }
    )
    about = "A map that is no better than chance, or the same with random weights, shows nothing of this network."
    picture = inline_svg(
        functools.partial(map_scores_figure, table),
        f"{key}-map-scores",
        "Every score of the heatmaps by method; the numbers are in the table below.",
        "Scores by method with 95 % intervals; dashed, chance.",
    )
    numbers = ["value (95 % interval)", "chance", "n"]
    return Section("Heatmaps, measured", [about, picture, Grid("Heatmaps in numbers", cells, numbers, folded=True)])

"""Several models side by side: how each fares on other hospitals' films."""

import pandas as pd

from keras_cxr.report.blocks import Grid, Section
from keras_cxr.report.cells import NONE
from keras_cxr.report.contents import Contents
from keras_cxr.report.other_hospitals import CAPTION, other_hospitals


def elsewhere(contents: Contents) -> Section | None:
    """Shift, remedies and shortcut probe of every model in a row a data set; the whole of it is in its own part."""
    if len(contents.models) < 2:
        return None
    parts = [other_hospitals(results.tables).assign(model=results.name) for results in contents.models]
    parts = [part for part in parts if len(part)]
    if not parts:
        return None
    cells = pd.concat(parts, ignore_index=True).fillna(NONE)
    cells.insert(0, "model", cells.pop("model"))
    about = (
        "What was measured of each model on films of other hospitals. Remedies and shift leave out the data that a "
        "model was trained on; the numbers behind each row stand in the model's own part of this page."
    )
    return Section("Other hospitals' films", [about, Grid(CAPTION, cells)])

"""Figures of remedies, recalibration and probe, from tables as they are in the files."""

import types

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_cxr.report.probe import probe_figure, view_examples
from keras_cxr.report.recalibration import recalibration_figure
from keras_cxr.report.remedies import remedies_figure

pytestmark = pytest.mark.filterwarnings("error")


def test_remedies(tmp_path):
    rows = [
        {"remedy": remedy, "metric": metric, "before": 0.5, "after": after, "difference": after - 0.5}
        | {"low": after - 0.6, "high": after - 0.4, "verdict": verdict}
        for remedy, after, verdict in (("CLAHE", 0.51, "no clear difference"), ("prior shift", 0.7, "helps"))
        for metric in ("AUROC", "balanced accuracy", "Brier score", "accuracy")
    ]
    remedies_figure(pd.DataFrame(rows), tmp_path / "remedies.png")
    assert image.imread(tmp_path / "remedies.png").shape[1] > 1500


@pytest.mark.parametrize("metrics", [("balanced accuracy", "Brier score", "log loss"), ("balanced accuracy",)])
def test_recalibration(tmp_path, metrics):
    rows = [
        {"what": what, "films": films, "metric": metric, "value": 0.5 + films / 1000, "draws": 50 if films else 0}
        | {"low": 0.4 if films else np.nan, "high": 0.7 if films else np.nan}
        for what, names in (("threshold and temperature", metrics), ("new head", ("AUROC", "balanced accuracy")))
        for metric in names
        for films in (0, 10, 20, 50)
    ]
    recalibration_figure(pd.DataFrame(rows), tmp_path / "recalibration.png")
    assert image.imread(tmp_path / "recalibration.png").shape[1] > 1000


def test_probe(tmp_path):
    views = ["whole film", "border alone", "lungs covered"]
    table = pd.DataFrame({"view": views, "metric": "AUROC", "value": [0.9, 0.6, np.nan], "n": [100, 100, 1]})
    table = table.assign(low=table["value"] - 0.05, high=table["value"] + 0.05, flag=["", "shortcut", ""])
    probe_figure(table, tmp_path / "probe.png")
    film = np.full((32, 32), 90, np.uint8)
    examples = [
        types.SimpleNamespace(label=label, views=dict.fromkeys(shown, film), probability=dict.fromkeys(shown, 0.25))
        for label, shown in (("NORMAL", views), ("PNEUMONIA", views[:2]))
    ]
    view_examples(examples, views, tmp_path / "films.png")
    for name in ("probe", "films"):
        assert min(image.imread(tmp_path / f"{name}.png").shape[:2]) > 200

"""The comparison's figure and page hold what they were given."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_cxr.report import comparison, style
from keras_cxr.report.comparison import comparison_figure, p_text
from keras_cxr.report.comparison_page import comparison_page

NAMES = ["reference", "convnext_tiny-pretrained-on-imagenet-and-fine-tuned", "lenet5"]
pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def tables():
    """Scores and differences of three models, one of them undefined."""
    scores = [
        {"dataset": "d", "model": name, "metric": metric, "value": 0.9 - place / 20, "n": 100}
        | {"low": 0.8 - place / 20, "high": 0.95 - place / 20}
        for metric in ("AUROC", "accuracy")
        for place, name in enumerate(NAMES)
    ]
    differences = [
        {"dataset": "d", "model": name, "reference": "reference", "metric": metric, "n": 100}
        | ({"difference": -0.05, "low": -0.1, "high": 0.01, "p": 0.0004} if name != "lenet5" else {})
        for metric in ("AUROC", "accuracy")
        for name in NAMES[1:]
    ]
    return pd.DataFrame(scores), pd.DataFrame(differences)


def test_figure(tmp_path, tables, monkeypatch):
    drawn = []
    monkeypatch.setattr(comparison, "png", lambda *given: drawn.append(style.png(*given)) or drawn[-1])
    comparison_figure(*tables, "reference", tmp_path / "comparison.png")
    comparison_figure(*tables, "reference", tmp_path / "comparison.svg")
    assert image.imread(tmp_path / "comparison.png").shape[2] == 4
    assert "<svg" in (tmp_path / "comparison.svg").read_text()


@pytest.mark.parametrize(("p", "text"), [(0.0004, "p < 0.001"), (0.5, "p = 0.500"), (np.nan, "p undefined")])
def test_p(p, text):
    assert p_text(p) == text


def test_page(tables):
    scores, differences = tables
    models = pd.DataFrame({"model": NAMES, "architecture": "lenet5", "input size": 64, "parameters": 44_426})
    models = models.assign(epochs=[3, np.nan, 2], runtime="keras", films=100)
    models["seconds an epoch"], models["films a second"] = 1.5, 1234.5
    for metric, part in scores.groupby("metric"):
        for column, suffix in (("value", ""), ("low", " low"), ("high", " high")):
            models[metric + suffix] = part[column].to_numpy()
    page = comparison_page(models, differences, ["left | out"])
    assert "| reference | lenet5 | 64 | 44,426 | 3 | 1.5 | 1,234.5 | keras |" in page
    assert "| reference | 0.900 (0.800 to 0.950) | 0.900 (0.800 to 0.950) |" in page
    assert "| lenet5 | AUROC | – | – |" in page
    assert "-0.050 (-0.100 to +0.010) | < 0.001 |" in page
    assert "- left \\| out" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in rows[:5]} == {7}

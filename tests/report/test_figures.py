"""The figures hold what they were given; how they look is judged by eye."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_cxr.report.figures import (
    confusion_figure,
    finding_confusion_figure,
    precision_recall_figure,
    roc_figure,
)
from keras_cxr.report.learning import learning_curves

LONG = ["Normal", "Pleural_Thickening with a long name", "Tuberculosis"]
pytestmark = pytest.mark.filterwarnings("error")


def overlaps(boxes):
    return [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.shrunk(0.98, 0.98).overlaps(b)]


@pytest.mark.parametrize("k", [2, 3, 6])
def test_confusion(tmp_path, drawn, k):
    classes = (LONG * 2)[:k]
    counts = np.arange(k * k).reshape(k, k) * 1111
    counts[0] = 0
    confusion_figure(counts, classes, tmp_path / "figures" / "confusion.png")
    assert image.imread(tmp_path / "figures" / "confusion.png").shape[2] == 4
    axes = drawn[0].axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert len(texts) == k * k
    assert texts[0] == "0\n–"
    assert texts[-1] == f"{counts[-1, -1]:,}\n{100 * counts[-1, -1] / counts[-1].sum():.1f} %"
    assert not overlaps([text.get_window_extent() for text in axes.texts])
    assert not overlaps([text.get_window_extent() for text in axes.get_yticklabels()])


@pytest.mark.parametrize("k", [2, 5])
def test_confusion_of_findings(tmp_path, drawn, k):
    counts = 997 * np.arange(4 * k).reshape(k, 2, 2)
    finding_confusion_figure(counts, (LONG * 2)[:k], tmp_path / "confusion.png")
    assert len(drawn[0].axes) == k
    for axes, cells in zip(drawn[0].axes, counts, strict=True):
        texts = [text.get_text() for text in axes.texts]
        wanted = [f"{cell:,}\n{100 * cell / max(row.sum(), 1):.0f} %" for row in cells for cell in row]
        assert texts == wanted
        assert not overlaps([text.get_window_extent() for text in axes.texts])
    assert not overlaps([axes.title.get_window_extent() for axes in drawn[0].axes])


@pytest.mark.parametrize("count", [0, 1, 6])
def test_curves(tmp_path, drawn, count):
    names = [f"model {index}" for index in range(count)]
    x = np.linspace(0, 1, 20)
    labels = {
        name: f"{name}, trained on one data set and tested on quite another, AUROC 0.91 (0.89–0.93)" for name in names
    }
    roc_figure({n: pd.DataFrame({"fpr": x, "tpr": x**0.3}) for n in names}, tmp_path / "roc.png", labels)
    curves = {n: pd.DataFrame({"recall": x[::-1], "precision": 1 - x[::-1] / 2}) for n in names}
    precision_recall_figure(curves, tmp_path / "pr.png", labels, prevalence=0.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pr.png", "roc.png"]
    for figure in drawn:
        lines = figure.axes[0].lines[1:]
        assert [" ".join(line.get_label().split()) for line in lines] == [labels[name] for name in names]
        assert len({line.get_color() for line in lines}) == count
        whole, axes = figure.bbox.padded(1), figure.axes[0].get_tightbbox()  # with title and labels
        legends = [legend.get_window_extent() for legend in figure.legends]
        for box in (axes, *legends):
            assert whole.x0 <= box.x0 < box.x1 <= whole.x1
            assert whole.y0 <= box.y0 < box.y1 <= whole.y1
        assert not overlaps([axes, *legends])


def test_learning_curves(tmp_path, drawn):
    epochs = np.arange(1, 9)
    history = pd.DataFrame(
        {
            "epoch": epochs,
            "loss": 1 / epochs,
            "val_loss": 1.1 / epochs,
            "val_auroc": 1 - 0.3 / epochs,
            "val_accuracy": np.nan,
            "learning_rate": 1e-3,
            "phase": ["head"] * 3 + ["fine-tuning"] * 5,
        }
    )
    learning_curves(history, tmp_path / "curves.png", best_epoch=6)
    loss, scores, rate = drawn[0].axes
    assert [axes.get_title(loc="left") for axes in (loss, scores, rate)] == [
        "Loss",
        "Validation score",
        "Learning rate",
    ]
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "validation", "best epoch (6)"]
    assert [text.get_text() for text in loss.texts] == ["fine-tuning →"]
    for axes in drawn[0].axes:
        assert [next(iter(line.get_xdata())) for line in axes.lines[-2:]] == [3.5, 6]
    learning_curves(history[["epoch", "loss"]].head(1), tmp_path / "short.png")
    assert len(drawn[1].axes) == 1


def test_the_callers_style_is_left_alone(tmp_path):
    before = dict(mpl.rcParams)
    confusion_figure(np.eye(2, dtype=int), ["a", "b"], tmp_path / "confusion.png")
    assert dict(mpl.rcParams) == before

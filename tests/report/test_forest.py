import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_cxr.report.forest import forest_figure


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("metrics", [("AUROC", "sensitivity", "specificity"), ("macro AUROC", "accuracy")])
def test_every_group_has_its_interval(tmp_path, drawn, metrics):
    groups = [
        ("sex", "F", 60, ""),
        ("sex", "M", 40, ""),
        ("age", "0–17", 4, "4 films"),
        ("age", "60+", 96, ""),
    ]
    scores = pd.DataFrame({"metric": metrics, "value": 0.9, "low": 0.85, "high": 0.94, "n": 100})
    rows = [
        {"column": column, "group": group, "metric": metric, "value": 0.88, "n": n, "note": note}
        | {"low": np.nan if note else 0.8, "high": np.nan if note else 0.95}
        for column, group, n, note in groups
        for metric in metrics
    ]
    forest_figure(scores, pd.DataFrame(rows), tmp_path / "subgroups.png")
    assert image.imread(tmp_path / "subgroups.png").shape[2] == 4
    axes = drawn[0].axes
    assert [each.get_title(loc="left") for each in axes] == [f"{name} (95 % interval)" for name in metrics]
    names = [label.get_text() for label in axes[0].get_yticklabels()]
    assert names == ["all films (100)", "sex: F (60)", "sex: M (40)", "age: 0–17 (4)", "age: 60+ (96)"]
    texts = [text.get_text() for text in axes[0].texts]
    assert texts == ["0.900 (0.850 to 0.940)", *["0.880 (0.800 to 0.950)"] * 2, "too small", "0.880 (0.800 to 0.950)"]
    whole = drawn[0].bbox.padded(1)
    for each in axes:
        box = each.get_tightbbox()
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1

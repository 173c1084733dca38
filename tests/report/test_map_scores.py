"""The figures of measured heatmaps are written whatever is undefined."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_cxr.report.map_scores import map_scores_figure, randomisation_figure

NUMBERS = {"value": 0.3, "low": 0.1, "high": 0.6}


@pytest.mark.parametrize("measures", [1, 4, 9])
def test_a_panel_a_measure(tmp_path, measures):
    rows = [
        {
            "model": model,
            "method": method,
            "measure": f"m{index}",
            "value": 0.3,
            "low": 0.1,
            "high": 0.6,
            "chance": chance,
        }
        for model, chance in (("trained", 0.2), ("random", np.nan))
        for method in ("gradcam", "rise")
        for index in range(measures)
    ]
    rows[0] |= {"value": np.nan, "low": np.nan, "high": np.nan}
    map_scores_figure(pd.DataFrame(rows), tmp_path / "scores.png")
    width, height = Image.open(tmp_path / "scores.png").size
    assert width >= 500
    assert height >= 200 * -(-measures // 4)


def test_depths(tmp_path):
    rows = [
        {"method": method, "step": step, "layer": f"l{step}", "measure": measure, "chance": 0.4} | NUMBERS
        for method in ("gradcam", "rise")
        for step in (1, 2, 3)
        for measure in ("SSIM", "rank correlation")
    ]
    randomisation_figure(pd.DataFrame(rows), tmp_path / "depths.png")
    assert Image.open(tmp_path / "depths.png").size[0] > 1000

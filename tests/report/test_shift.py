import cv2
import numpy as np
import pandas as pd
import pytest

from keras_cxr.report.shift import shift_figure

pytestmark = pytest.mark.filterwarnings("error")


def _rows(datasets):
    rows = []
    for dataset in datasets:
        rows += [(dataset, "told apart by embedding", 1.0, 0.98, 1.0, "warning")]
        rows += [(dataset, "told apart by gray levels", 0.61, 0.55, 0.67, "")]
        rows += [(dataset, "width (standardised difference)", np.inf, np.nan, np.nan, "warning")]
    return pd.DataFrame(rows, columns=["dataset", "item", "value", "low", "high", "flag"])


@pytest.mark.parametrize("datasets", [("b",), ("b", "c")])
def test_figure(tmp_path, datasets):
    random = np.random.default_rng(0)
    spread = {name: random.lognormal(0.3 * number, 0.3, 200) for number, name in enumerate(("validation", *datasets))}
    shift_figure(_rows(datasets), spread, tmp_path / "shift.png")
    assert cv2.imread(str(tmp_path / "shift.png")).std() > 5
    drawn = (tmp_path / "shift.svg").read_text()
    assert drawn.startswith("<?xml")


def test_without_unfamiliarity_one_panel(tmp_path):
    for name, spread in (("two", {"validation": np.ones(30), "b": np.full(30, 9.0)}), ("one", {})):
        shift_figure(_rows(("b",)), spread, tmp_path / f"{name}.png")
    one, two = (cv2.imread(str(tmp_path / f"{name}.png")).shape[1] for name in ("one", "two"))
    assert one < 0.6 * two

"""One row a data set of shift, remedies and probe."""

import numpy as np
import pandas as pd

from keras_cxr.prediction.report_contents import evaluation_contents
from keras_cxr.report.other_hospitals import other_hospitals
from keras_cxr.report.page import page


def _shift(dataset, item, value, low, high, flag=""):
    return {"dataset": dataset, "item": item, "value": value, "low": low, "high": high, "n": 9, "flag": flag}


def test_what_stands_in_the_row_of_a_data_set():
    shift = [
        _shift("b", "told apart by embedding", 0.97, 0.95, 0.99, "warning"),
        _shift("b", "share of unfamiliar films", 0.5, 0.4, 0.6, "warning"),
        _shift("b", "median unfamiliarity", 0.9, np.nan, np.nan),
        _shift("c", "class shares (p)", 0.2, np.nan, np.nan),
    ]
    remedies = [
        {"dataset": "b", "remedy": remedy, "metric": metric, "verdict": verdict}
        for remedy, verdict in (("CLAHE", "no clear difference"), ("prior shift", "helps"), ("lung crop", "harms"))
        for metric in ("AUROC", "accuracy")
    ]
    remedies.append({"dataset": "c", "remedy": "CLAHE", "metric": "AUROC", "verdict": "no clear difference"})
    probe = [
        {"dataset": "a", "view": view, "metric": "macro AUROC", "value": 0.9, "low": 0.8, "high": 0.95, "flag": flag}
        for view, flag in (("whole film", ""), ("lungs covered", "shortcut"))
    ]
    tables = {name: pd.DataFrame(rows) for name, rows in zip(("shift", "remedies"), (shift, remedies), strict=True)}
    found = other_hospitals(tables | {"probe": pd.DataFrame(probe)}).set_index("data set")
    assert list(found.index) == ["b", "c", "a"]
    assert list(found.loc["b"]) == [
        *("0.970 (0.950 to 0.990)", "0.500 (0.400 to 0.600)", "2 of 3"),
        *("helps: prior shift; harms: lung crop", "–", "–"),
    ]
    assert list(found.loc["c"]) == ["–", "–", "0 of 1", "no clear difference (1 tried)", "–", "–"]
    assert list(found.loc["a"]) == [
        *("–", "–", "–", "–", "0.900 (0.800 to 0.950)", "0.900 (0.800 to 0.950), shortcut"),
    ]
    assert list(other_hospitals({"remedies": tables["remedies"]})) == ["data set", "remedies"]
    assert other_hospitals({}).empty


def test_the_page_of_several_models_has_the_row_of_each(write_results, tmp_path):
    for name, others in (("one", ("shift", "remedies", "probe")), ("two", ("remedies",)), ("three", ())):
        write_results(tmp_path / name, model=name, others=others)
    scores = [pd.read_csv(tmp_path / name / "scores.csv") for name in ("one", "two", "three")]
    pd.concat(scores).to_csv(tmp_path / "scores.csv", index=False)
    text = page(evaluation_contents(tmp_path))
    assert text.index(">Other hospitals&#39; films</h2>") < text.index(">one</h2>")
    before = text[: text.index(">one</h2>")]
    assert before.count("no clear difference (1 tried)") == 2
    assert "<td>1 of 2</td>" in before
    assert "Other hospitals" not in page(evaluation_contents(tmp_path / "one"))

"""Evaluations as folders of CSV files, with names that are hostile to HTML."""

import base64
import contextlib
import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

CLASSES = ["No <b>finding</b>", 'Opacity & "co" </td>']


def _predictions(classes, rng, films=60):
    p = rng.dirichlet(np.ones(len(classes)), films)
    names = np.array(classes, object)
    truth, label = names[rng.integers(len(classes), size=films)], names[p.argmax(1)]
    table = pd.DataFrame(p, columns=[f"p_{name}" for name in classes])
    table = table.assign(dataset="A & <B>", image=[f"<img src=x>&{n}.png" for n in range(films)], truth=truth)
    table = table.assign(patient=[f"p{n // 2}" for n in range(films)], label=label, probability=p.max(1), error="")
    table["unfamiliarity"] = rng.uniform(0, 3, films)
    table.loc[0, ["label", "error"]], table.loc[0, ["probability", "p_" + classes[0]]] = ["", "cut <short>"], np.nan
    return table


def _scores(predictions, classes, model):
    metrics = ["AUROC", "average precision", "sensitivity", "specificity", "accuracy"]
    if len(classes) > 2:
        metrics = ["macro AUROC", "accuracy", *(f"AUROC[{name}]" for name in classes)]
    rows = [{"metric": name, "value": 0.8, "low": 0.7, "high": 0.9, "n": 59} for name in metrics]
    rows.append({"metric": "threshold", "value": 0.4, "n": 100})
    return pd.DataFrame(rows).assign(dataset=predictions["dataset"].iloc[0], model=model)


OTHERS = {
    "subgroups": [
        {"column": "sex", "group": group, "patients": 10, "metric": metric, "value": 0.7, "low": low, "high": high}
        | {"n": n, "note": note}
        for group, n, low, high, note in (("F <&>", 40, 0.6, 0.8, ""), ("M", 5, np.nan, np.nan, "5 films"))
        for metric in ("AUROC", "sensitivity", "specificity")
    ],
    "not_used": [
        {"setting": "threshold", "used": 0.4, "not used": 0.6, "metric": "balanced accuracy"}
        | {"with used": 0.7, "with not used": 0.75, "n": 59}
    ],
    "shift": [
        {"reference": "training", "item": item, "value": 0.3, "low": 0.1, "high": 0.5, "n": 59}
        | {"flag": flag, "meaning": "The films are <darker>."}
        for item, flag in (("gray level <mean>", ""), ("told apart by <pixels>", "warning"))
    ],
    "remedies": [
        {"remedy": "temperature & threshold", "uses": "nothing", "metric": "AUROC", "before": 0.6, "after": 0.7}
        | {"difference": 0.1, "low": -0.02, "high": 0.2, "n": 59, "verdict": "no clear difference"}
    ],
    "recalibration": [
        {"what": what, "films": films, "metric": "balanced accuracy", "value": 0.6, "low": 0.5}
        | {"high": 0.7, "draws": 20}
        for what in ("threshold and temperature", "new head")
        for films in (0, 50, 100)
    ],
    "probe": [
        {"view": view, "metric": "AUROC", "value": 0.6, "low": 0.5, "high": 0.7, "n": 59, "flag": flag}
        for view, flag in (("whole film", ""), ("border alone", "shortcut"))
    ],
    "map_scores": [
        {"method": method, "measure": "pointing <game>", "value": 0.3, "low": 0.1, "high": 0.5, "n": 19, "chance": 0.1}
        | {"meaning": "share & <place>"}
        for method in ("gradcam", "layercam")
    ],
}


@pytest.fixture
def drawn(monkeypatch):
    """The figures drawn by the test, as matplotlib objects."""
    from keras_cxr.report import figures, forest, learning, style

    kept = []

    @contextlib.contextmanager
    def keep(*arguments):
        with style.png(*arguments) as figure:
            yield figure
        kept.append(figure)

    for module in (figures, forest, learning):
        monkeypatch.setattr(module, "png", keep)
    return kept


@pytest.fixture(scope="session")
def write_results():
    """``write_results(folder, classes, model, others)`` writes an evaluation's folder without the films."""

    def write(folder, classes=CLASSES, model="<model>", others=tuple(OTHERS)):
        folder.mkdir(parents=True, exist_ok=True)
        predictions = _predictions(classes, np.random.default_rng(0))
        predictions.to_csv(folder / "predictions.csv", index=False)
        _scores(predictions, classes, model).to_csv(folder / "scores.csv", index=False)
        for name in others:
            table = pd.DataFrame(OTHERS[name]).assign(dataset=predictions["dataset"].iloc[0], model=model)
            table.to_csv(folder / f"{name}.csv", index=False)
        (folder / "notes.txt").write_text("A <note> & more\n", encoding="utf-8")
        account = {"created": "2026-01-02T03:04:05+00:00", "command": "keras-cxr evaluate 'a & <b>'", "models": {}}
        account |= {"data": {}, "settings": {"split": "test"}, "versions": {"numpy": "2"}}
        (folder / "evaluation.json").write_text(json.dumps(account), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def evaluation_page(write_results, tmp_path_factory):
    """The page of an evaluation with every table, with pictures of films."""
    from keras_cxr.prediction.report_contents import evaluation_contents
    from keras_cxr.report.page import write_page

    folder = write_results(tmp_path_factory.mktemp("results"))
    account = json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    account["data"] = {"A & <B>": str(folder)}
    (folder / "evaluation.json").write_text(json.dumps(account), encoding="utf-8")
    file = io.BytesIO()
    Image.new("L", (64, 64), 80).save(file, "PNG")
    dot = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

    def pictures(model, paths):
        return [[("film", dot), ("heatmap of <x>", dot)] if n else [] for n, _ in enumerate(paths)]

    page = folder / "report.html"
    write_page(page, evaluation_contents(folder, pictures=pictures))
    return page

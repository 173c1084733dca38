import numpy as np
import pytest

from keras_cxr.evaluation.prevalence import at_prevalence
from keras_cxr.evaluation.scores import score

TWO = ["NORMAL", "PNEUMONIA"]


@pytest.mark.parametrize("at", ["", " at 0.7"])
def test_bayes(make_predictions, at):
    predictions = make_predictions(n=400, patients=150)
    table = score(predictions, TWO, "site", "net", draws=500, points={"0.7": 0.7})
    values = table.set_index("metric")
    found = at_prevalence(table, 0.05).set_index("metric")
    assert list(found.index) == [
        f"{name}{and_} prevalence 0.05" for and_ in (" at", " at 0.7 and") for name in ("PPV", "NPV")
    ]
    sensitivity, specificity = values.loc[f"sensitivity{at}", "value"], values.loc[f"specificity{at}", "value"]
    rows = [found.loc[f"{name}{at}{' and' if at else ' at'} prevalence 0.05"] for name in ("PPV", "NPV")]
    hits, alarms = 0.05 * sensitivity, 0.95 * (1 - specificity)
    assert rows[0]["value"] == pytest.approx(hits / (hits + alarms), abs=1e-12)
    cleared, missed = 0.95 * specificity, 0.05 * (1 - sensitivity)
    assert rows[1]["value"] == pytest.approx(cleared / (cleared + missed), abs=1e-12)
    for row in rows:
        assert 0 < row["low"] < row["value"] < row["high"] < 1
        assert (row["n"], row["dataset"], row["model"]) == (400, "site", "net")


def test_at_the_films_own_prevalence_they_are_the_plain_ones(make_predictions):
    predictions = make_predictions()
    table = score(predictions, TWO, draws=0)
    share = (predictions["truth"] == "PNEUMONIA").mean()
    found = at_prevalence(table, share)["value"].to_list()
    assert found == pytest.approx(table.set_index("metric").loc[["PPV", "NPV"], "value"].to_list(), abs=1e-12)


@pytest.mark.filterwarnings("error")
def test_perfect_decisions(make_predictions):
    predictions = make_predictions(shift=60)
    ppv, npv = at_prevalence(score(predictions, TWO, draws=100), 0.01).to_dict("records")
    assert (ppv["value"], ppv["high"], npv["value"], npv["high"]) == (1, 1, 1, 1)
    assert 0 < ppv["low"] < 1
    assert 0.99 < npv["low"] < 1
    silent = predictions.assign(label="NORMAL")
    assert np.isnan(at_prevalence(score(silent, TWO, draws=100), 0.01)["value"].iloc[0])

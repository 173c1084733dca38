import numpy as np
import pytest
from sklearn import metrics

from keras_cxr.evaluation.preferred import not_used_line, preferred_settings

TWO = ["NORMAL", "PNEUMONIA"]


def test_no_other_threshold_or_temperature_does_better(make_predictions):
    predictions = make_predictions(n=150)
    truth, p = predictions["truth"] == "PNEUMONIA", predictions["p_PNEUMONIA"].to_numpy()
    predictions["label"] = np.where(p >= 0.8, *TWO[::-1])
    table = preferred_settings(predictions, TWO, 0.8, 2.0, "site", "net")
    threshold, temperature = table.to_dict("records")
    every = [metrics.balanced_accuracy_score(truth, p >= least) for least in np.unique(p)]
    assert threshold["with not used"] == pytest.approx(max(every), abs=1e-12)
    assert threshold["with used"] == pytest.approx(metrics.balanced_accuracy_score(truth, p >= 0.8), abs=1e-12)
    losses = {}
    for factor in np.geomspace(0.2, 5, 100):
        losses[factor] = metrics.log_loss(truth, 1 / (1 + ((1 - p) / p) ** (1 / factor)))
    best = min(losses, key=losses.get)
    assert temperature["not used"] == pytest.approx(2 * best, rel=0.04)
    assert temperature["with not used"] <= losses[best] + 1e-9
    assert temperature["with used"] == pytest.approx(metrics.log_loss(truth, p), abs=1e-12)
    line = not_used_line(table)
    assert line.startswith("Not used: the films of site themselves would have chosen threshold ")
    assert "used: 0.800" in line


@pytest.mark.parametrize("films", [9, 0])
def test_too_few_films_choose_nothing(make_predictions, films):
    predictions = make_predictions()
    assert not len(preferred_settings(predictions.head(films), TWO, 0.5))
    assert not len(preferred_settings(predictions[predictions["truth"] == "NORMAL"], TWO, 0.5))

"""Every metric under every draw's weights against scikit-learn's ``sample_weight``."""

import numpy as np
import pytest
from sklearn import metrics as sk

from keras_cxr.evaluation.bootstrap import clustered_draws
from keras_cxr.evaluation.films import scored_films
from keras_cxr.evaluation.metrics import ManyClassMetrics, TwoClassMetrics

TWO, THREE = ["NORMAL", "PNEUMONIA"], ["Normal", "COVID", "Lung_Opacity"]


def calibration_error(truth, p, weight):
    """Bin by bin, from the definition."""
    total = 0.0
    for index in range(15):
        inside = (p >= index / 15) & ((p < (index + 1) / 15) | (index == 14))
        if weight[inside].sum() > 0:
            gap = np.average(p[inside], weights=weight[inside]) - np.average(truth[inside], weights=weight[inside])
            total += weight[inside].sum() * abs(gap)
    return total / weight.sum()


def two_class_by_scikit_learn(truth, label, p, weight):
    w = {"sample_weight": weight}
    positive, negative = sk.class_likelihood_ratios(truth, label, **w)
    return {
        "AUROC": sk.roc_auc_score(truth, p, **w),
        "average precision": sk.average_precision_score(truth, p, **w),
        "accuracy": sk.accuracy_score(truth, label, **w),
        "balanced accuracy": sk.balanced_accuracy_score(truth, label, **w),
        "sensitivity": sk.recall_score(truth, label, **w),
        "specificity": sk.recall_score(truth, label, pos_label=0, **w),
        "PPV": sk.precision_score(truth, label, **w),
        "NPV": sk.precision_score(truth, label, pos_label=0, **w),
        "F1": sk.f1_score(truth, label, **w),
        "MCC": sk.matthews_corrcoef(truth, label, **w),
        "positive likelihood ratio": positive,
        "negative likelihood ratio": negative,
        "Brier score": sk.brier_score_loss(truth, p, **w),
        "expected calibration error": calibration_error(truth, p, weight),
        "log loss": sk.log_loss(truth, p, **w),
    }


def draws_of(films):
    return np.concatenate([np.ones((1, len(films))), *clustered_draws(films.cluster, 6, seed=1)])


@pytest.mark.parametrize(("decimals", "patients"), [(None, None), (1, None), (1, 60), (None, 60)])
def test_two_classes(make_predictions, decimals, patients):
    films = scored_films(make_predictions(decimals=decimals, patients=patients), TWO)
    weights = draws_of(films)
    ours = TwoClassMetrics(films)(weights)
    for draw, weight in enumerate(weights):
        expected = two_class_by_scikit_learn(films.truth, films.label, films.probability[:, 1], weight)
        assert {name: values[draw] for name, values in ours.items()} == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("decimals", "patients"), [(None, None), (1, 60)])
def test_three_classes(make_predictions, decimals, patients):
    films = scored_films(make_predictions(classes=THREE, decimals=decimals, patients=patients), THREE)
    weights = draws_of(films)
    ours = ManyClassMetrics(films, THREE, ["COVID", "Lung_Opacity", "Normal"])(weights)
    for draw, weight in enumerate(weights):
        w = {"sample_weight": weight}
        areas = [sk.roc_auc_score(films.truth == k, films.probability[:, k], **w) for k in range(3)]
        each = sk.precision_recall_fscore_support(films.truth, films.label, **w)
        p, likeliest = films.probability, films.probability.argmax(axis=1)
        precisions = [sk.average_precision_score(films.truth == k, p[:, k], **w) for k in range(3)]
        specificities = [sk.recall_score(films.truth != k, films.label != k, **w) for k in range(3)]
        pooled = np.eye(3)[films.truth], p
        expected = {
            "accuracy": sk.accuracy_score(films.truth, films.label, **w),
            "balanced accuracy": sk.balanced_accuracy_score(films.truth, films.label, **w),
            "macro F1": sk.f1_score(films.truth, films.label, average="macro", **w),
            "macro AUROC": np.mean(areas),
            "macro specificity": np.mean(specificities),
            "macro precision": sk.precision_score(films.truth, films.label, average="macro", **w),
            "macro average precision": np.mean(precisions),
            "micro AUROC": sk.roc_auc_score(*pooled, average="micro", **w),
            "micro average precision": sk.average_precision_score(*pooled, average="micro", **w),
            "MCC": sk.matthews_corrcoef(films.truth, films.label, **w),
            "expected calibration error": calibration_error(
                likeliest == films.truth, p[np.arange(len(p)), likeliest], weight
            ),
            "log loss": sk.log_loss(films.truth, p, labels=range(3), **w),
            "quadratic kappa": sk.cohen_kappa_score(
                films.truth, films.label, labels=[1, 2, 0], weights="quadratic", **w
            ),
        }
        every = (*each[:3], areas, specificities, precisions)
        kinds = ("precision", "sensitivity", "F1", "AUROC", "specificity", "average precision")
        for kind, values in zip(kinds, every, strict=True):
            expected |= {f"{kind}[{name}]": value for name, value in zip(THREE, values, strict=True)}
        assert {name: values[draw] for name, values in ours.items()} == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_further_operating_points(make_predictions):
    films = scored_films(make_predictions(patients=60), TWO)
    weights, p = draws_of(films), films.probability[:, 1]
    ours = TwoClassMetrics(films, {"0.5": 0.5, "0.6": 0.6})(weights)
    plain = TwoClassMetrics(films)(weights)
    for draw, weight in enumerate(weights):
        found = {name: values[draw] for name, values in ours.items()}
        for least in (0.5, 0.6):
            expected = two_class_by_scikit_learn(films.truth, p >= least, p, weight)
            names = [name for name in expected if f"{name} at {least}" in ours]
            assert len(names) == 10
            for name in names:
                assert found[f"{name} at {least}"] == pytest.approx(expected[name], rel=1e-12, abs=1e-12)
        assert {name: found[name] for name in plain} == {name: values[draw] for name, values in plain.items()}


def test_weights_mean_repeated_films(make_predictions):
    predictions = make_predictions(n=50, decimals=1)
    films = scored_films(predictions, TWO)
    weight = next(clustered_draws(films.cluster, 1, seed=4))
    repeated = scored_films(predictions.loc[predictions.index.repeat(weight[0].astype(int))], TWO)
    drawn, direct = TwoClassMetrics(films)(weight), TwoClassMetrics(repeated)(np.ones((1, len(repeated))))
    for name, values in drawn.items():
        assert values == pytest.approx(direct[name], abs=1e-12), name

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import cdist
from sklearn.metrics import average_precision_score, roc_auc_score

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.anomaly import anomaly_scores
from keras_cxr.evaluation.false_alarms import fewest_normals, threshold_of_normals
from keras_cxr.evaluation.neighbour_distance import CHUNK, neighbour_distance


@pytest.fixture
def films():
    rng = np.random.default_rng(0)
    truth = rng.choice(["NORMAL", "BACTERIA", "VIRUS"], 300, p=[0.5, 0.3, 0.2])
    score = rng.normal(np.select([truth == "BACTERIA", truth == "VIRUS"], [2.0, 0.5]), 1).round(1)
    return pd.DataFrame({"truth": truth, "score": score, "patient": [f"p{film // 2}" for film in range(300)]})


def test_scores_are_scikit_learns(films):
    scores = anomaly_scores(films, "NORMAL", 1.0, "set", "model").set_index("metric")
    sick, score = films["truth"] != "NORMAL", films["score"]
    wanted = {
        "AUROC": roc_auc_score(sick, score),
        "average precision": average_precision_score(sick, score),
        "sensitivity": (score[sick] > 1.0).mean(),
        "specificity": (score[~sick] <= 1.0).mean(),
    }
    for label in ("BACTERIA", "VIRUS"):
        some = films["truth"].isin(["NORMAL", label])
        wanted[f"AUROC[{label}]"] = roc_auc_score(sick[some], score[some])
    assert scores["value"].to_dict() == pytest.approx(wanted)
    assert ((scores["low"] < scores["value"]) & (scores["value"] < scores["high"])).all()
    assert scores.loc["AUROC", "n"] == 300
    assert len(anomaly_scores(films, "NORMAL", 1.0, by_label=False)) == 4


def test_without_sick_films_only_the_specificity_is_told(films):
    normal = films[films["truth"] == "NORMAL"]
    assert list(anomaly_scores(normal, "NORMAL", 1.0)["metric"]) == ["specificity"]


@pytest.mark.parametrize(("false_alarms", "n", "above"), [(0.05, 19, 0), (0.05, 39, 1), (0.1, 100, 9), (0.5, 3, 1)])
def test_the_threshold_is_the_ranked_normal_film(false_alarms, n, above):
    scores = np.random.default_rng(0).permutation(n).astype(float)
    assert (scores > threshold_of_normals(scores, false_alarms)).sum() == above


def test_further_normal_films_raise_no_more_false_alarms_than_stated():
    rng = np.random.default_rng(0)
    shares = [(rng.gamma(2, size=400) > threshold_of_normals(rng.gamma(2, size=59), 0.05)).mean() for _ in range(2000)]
    # Of 59 films two may lie above, by rank: 3/60 exactly.
    assert np.mean(shares) == pytest.approx(0.05, abs=0.002)


def test_too_few_normal_films_for_a_rate():
    assert [fewest_normals(rate) for rate in (0.05, 0.01, 0.1, 0.3)] == [19, 99, 9, 3]
    with pytest.raises(CxrError, match=r"needs 19 normal validation films or more. Received: 18.*--false-alarms 0.053"):
        threshold_of_normals(np.arange(18.0), 0.05)


def test_neighbour_distance_by_hand():
    rng = np.random.default_rng(0)
    reference, vectors = rng.normal(size=(60, 7)), rng.normal(size=(CHUNK + 5, 7))
    wanted = np.sort(cdist(vectors, reference), axis=1)[:, :3].mean(axis=1)
    np.testing.assert_allclose(neighbour_distance(reference, vectors, 3), wanted, rtol=1e-5)
    assert neighbour_distance(reference, reference, 1).max() < 1e-3
    assert len(neighbour_distance(reference[:2], vectors, 9)) == CHUNK + 5

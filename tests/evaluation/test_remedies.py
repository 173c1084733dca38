import numpy as np
import pytest
from sklearn import metrics

from keras_cxr.evaluation.moments import match_moments
from keras_cxr.evaluation.remedies import before_and_after, decided_films

CLASSES = ["NORMAL", "PNEUMONIA"]


def films_of(p, truth, threshold=0.5):
    p = np.clip(p, 0, 1)
    return decided_films(np.column_stack([1 - p, p]), truth, np.arange(len(p)) // 2, threshold)


@pytest.fixture
def answers():
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 400).astype("int64")
    return truth, 0.5 + 0.2 * (truth - 0.5) + 0.1 * random.normal(size=400), random.random(400)


def test_scores_are_scikit_learns_and_a_clear_difference_has_its_name(answers):
    truth, good, chance = answers
    table = before_and_after(films_of(chance, truth), films_of(good, truth), CLASSES, draws=300)
    assert set(table["verdict"]) == {"helps"}
    rows = table.set_index("metric")
    for column, p in (("before", chance), ("after", np.clip(good, 0, 1))):
        assert rows.loc["AUROC", column] == pytest.approx(metrics.roc_auc_score(truth, p))
        assert rows.loc["balanced accuracy", column] == pytest.approx(metrics.balanced_accuracy_score(truth, p >= 0.5))
        assert rows.loc["Brier score", column] == pytest.approx(metrics.brier_score_loss(truth, p))
    assert (rows["low"] <= rows["difference"]).all()
    assert (rows["difference"] <= rows["high"]).all()
    assert rows["difference"].to_numpy() == pytest.approx((rows["after"] - rows["before"]).to_numpy())
    turned = before_and_after(films_of(good, truth), films_of(chance, truth), CLASSES, draws=300)
    assert set(turned["verdict"]) == {"harms"}


def test_nothing_changed_is_no_clear_difference(answers):
    truth, good, _ = answers
    table = before_and_after(films_of(good, truth), films_of(good, truth), CLASSES, draws=100)
    assert set(table["verdict"]) == {"no clear difference"}
    assert (table[["difference", "low", "high"]] == 0).all(axis=None)


def test_from_below_chance_to_chance_is_no_help(answers):
    truth, good, chance = answers
    table = before_and_after(films_of(1 - good, truth), films_of(chance, truth), CLASSES, draws=300)
    assert table["chance"].all()
    assert table.set_index("metric").loc["AUROC", "low"] > 0
    assert set(table["verdict"]) == {"no clear difference"}


def test_where_the_order_stays_the_balanced_accuracy_decides(answers):
    truth, good, _ = answers
    before, after = films_of(good, truth, 0.9), films_of(good, truth, 0.5)
    assert set(before_and_after(before, after, CLASSES, draws=100)["verdict"]) == {"no clear difference"}
    assert set(before_and_after(before, after, CLASSES, True, draws=100)["verdict"]) == {"helps"}


def test_moments_are_those_of_the_reference():
    random = np.random.default_rng(0)
    vectors, reference = random.normal(3, 2, (50, 4)), random.normal(-1, 5, (80, 4))
    vectors[:, 3] = 7
    moved = match_moments(vectors, reference)
    assert moved.mean(axis=0) == pytest.approx(reference.mean(axis=0), abs=1e-5)
    assert moved[:, :3].std(axis=0) == pytest.approx(reference[:, :3].std(axis=0), rel=1e-5)
    assert moved[:, 3].std() < 1e-6

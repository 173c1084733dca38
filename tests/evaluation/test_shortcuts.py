import numpy as np
import pytest
from sklearn import metrics

from keras_cxr.evaluation.remedies import decided_films
from keras_cxr.evaluation.shortcuts import view_scores


def films_of(score, truth):
    p = 1 / (1 + np.exp(-score))
    return decided_films(np.column_stack([1 - p, p]), truth, np.arange(len(p)), 0.5)


def test_a_score_kept_without_the_lungs_is_a_shortcut():
    random = np.random.default_rng(0)
    truth = random.integers(0, 2, 300).astype("int64")
    whole, half, chance = (films_of(random.normal(size=300) + strength * truth, truth) for strength in (2, 1, 0))
    views = {"whole film": (whole, whole), "border alone": (whole, whole), "border removed": (whole, whole)}
    views |= {"lungs covered": (half, whole), "lungs alone": (chance, whole)}
    table = view_scores(views, ["a", "b"], ("border alone", "lungs covered")).set_index("view")
    assert list(table["flag"]) == ["", "shortcut", "", "", ""]
    area = metrics.roc_auc_score(truth, half.probability[:, 1])
    assert table.loc["lungs covered", "value"] == pytest.approx(area)
    assert 0.5 < table.loc["lungs covered", "low"] < area < table.loc["lungs covered", "high"]
    # Of films whole at chance nothing is kept, whatever the views score.
    at_chance = view_scores({"lungs covered": (chance, chance)}, ["a", "b"], ("lungs covered",))
    assert list(at_chance["flag"]) == [""]

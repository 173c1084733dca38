import numpy as np
import pandas as pd
import pytest
from scipy.stats import contingency
from sklearn.metrics import roc_auc_score

from keras_cxr.audit.association import associations, cramers_v, eta_squared, strength, told_by

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(2, 2), (3, 2), (2, 5), (6, 4)])
def test_cramers_v(shape):
    counts = RNG.integers(1, 60, shape)
    assert cramers_v(counts, corrected=False) == pytest.approx(contingency.association(counts, method="cramer"))


def test_corrected_cramers_v_does_not_take_many_values_for_an_association():
    values, labels = pd.Series(RNG.integers(0, 150, 200)), pd.Series(RNG.integers(0, 2, 200))
    counts = pd.crosstab(values, labels).to_numpy()
    assert cramers_v(counts, corrected=False) > 0.6
    assert cramers_v(counts) < 0.3
    assert cramers_v(np.diag([50, 50, 50])) == pytest.approx(1)


def test_auroc_and_eta():
    labels = pd.Series(RNG.choice(["a", "b"], 300))
    values = pd.Series(RNG.integers(0, 9, 300)) - 2 * (labels == "b")
    area = roc_auc_score(labels == "b", values)
    assert area < 0.5
    assert told_by(values, labels) == pytest.approx(1 - area)
    # Of two groups, the share of the variance between them is the squared correlation with the group.
    assert eta_squared(values, labels) == pytest.approx(np.corrcoef(values, labels == "b")[0, 1] ** 2)


def test_associations():
    films = pd.DataFrame({"label": ["ILL", "WELL"] * 100})
    ill = films["label"] == "ILL"
    films["width"] = np.where(ill, 900, 1500) + RNG.integers(0, 400, 200)
    films["age"] = np.where(RNG.random(200) < 0.3, np.nan, RNG.normal(50, 10, 200))
    films["view"] = np.where(ill, "AP", "PA")
    films["sex"] = np.where(RNG.random(200) < 0.5, RNG.choice(["M", "F"], 200), "")
    films["file_type"] = "PNG"
    table = associations(films).set_index("property")
    assert list(table.index[:2]) in (["view", "width"], ["width", "view"])
    assert set(table.index[2:]) == {"age", "sex"}
    assert table["measure"].to_dict() == {
        "width": "AUROC",
        "age": "AUROC",
        "view": "Cramér's V",
        "sex": "Cramér's V",
    }
    assert table.loc["width", "value"] == pytest.approx(roc_auc_score(~ill, films["width"]))
    assert table.loc["view", "value"] == pytest.approx(1)
    assert table.loc["age", "films"] == films["age"].notna().sum()
    assert table.loc["sex", "films"] == (films["sex"] != "").sum()
    assert table.loc["width", "meaning"].startswith("The class of a film can almost surely be told from its width")
    assert table.loc["age", "meaning"].startswith("The class of a film cannot be told from the patient's age")


def test_three_classes_and_unlabelled_films():
    films = pd.DataFrame({"label": ["a", "b", "c", ""] * 30, "mean": RNG.normal(100, 5, 120)})
    films.loc[films["label"] == "b", "mean"] += 20
    table = associations(films)
    assert (table["measure"][0], table["films"][0]) == ("eta²", 90)
    assert table["value"][0] > 0.5
    assert associations(films.assign(label="")).empty


def test_what_could_be_chance_is_not_spoken_of():
    assert strength("AUROC", 0.95, p=1e-9) == 0
    assert strength("AUROC", 0.95, p=0.2) == 4

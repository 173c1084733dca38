import numpy as np
import pandas as pd

from keras_cxr.evaluation.film_choice import least_certain, most_unlike, worst_errors
from keras_cxr.evaluation.task import MULTI_LABEL


def two_classes(rows):
    """(image, truth, p of SICK) with the threshold 0.4."""
    table = pd.DataFrame(rows, columns=["image", "truth", "p_SICK"])
    sick = table["p_SICK"] >= 0.4
    probability = np.where(sick, table["p_SICK"], 1 - table["p_SICK"])
    label = np.where(sick, "SICK", "WELL").astype(object)
    table = table.assign(p_WELL=1 - table["p_SICK"], label=label, probability=probability, error="")
    table.loc[table["p_SICK"].isna(), ["label", "error"]] = "", "broken"
    return table


FILMS = two_classes(
    [
        ("a", "SICK", 0.10),
        ("b", "SICK", 0.02),
        ("c", "WELL", 0.45),
        ("d", "WELL", 0.99),
        ("e", "WELL", 0.80),
        ("f", "WELL", 0.05),
        ("g", "SICK", 0.39),
        ("h", "SICK", np.nan),
        ("i", "SICK", 0.95),
    ]
)


def test_both_kinds_of_error_are_shown_the_surest_first():
    assert list(worst_errors(FILMS, ["WELL", "SICK"], each=2)["image"]) == ["b", "a", "d", "e"]
    assert list(worst_errors(FILMS, ["WELL", "SICK"], each=9)["image"]) == ["b", "a", "g", "d", "e", "c"]


def test_the_least_certain_lie_next_to_the_threshold_in_use():
    assert list(least_certain(FILMS, ["WELL", "SICK"], thresholds={"SICK": 0.4}, most=2)["image"]) == ["g", "c"]
    assert list(least_certain(FILMS, ["WELL", "SICK"], most=2)["image"]) == ["c", "g"]


def test_the_most_unlike_come_first_where_it_is_known():
    strange = FILMS.assign(unfamiliarity=[0.5, 0.9, 3.0, 0.2, np.nan, 1.5, 0.1, 9.0, 0.4])
    found = most_unlike(strange, ["WELL", "SICK"], most=3)
    assert list(found["image"]) == ["c", "f", "b"]  # "h", the strangest, could not be read
    assert list(found["unfamiliarity"]) == [3.0, 1.5, 0.9]
    assert not len(most_unlike(FILMS, ["WELL", "SICK"]))


def test_of_many_classes_the_two_likeliest_are_held_together():
    p = np.array([[0.5, 0.3, 0.2], [0.35, 0.33, 0.32], [0.1, 0.1, 0.8], [0.05, 0.9, 0.05]])
    table = pd.DataFrame(p, columns=["p_A", "p_B", "p_C"]).assign(image=[*"abcd"], truth=[*"AACA"], label=[*"AACB"])
    assert list(least_certain(table, [*"ABC"], most=2)["image"]) == ["b", "a"]
    assert list(worst_errors(table, [*"ABC"])["image"]) == ["d"]


def test_findings_are_judged_by_the_worst_of_them():
    table = pd.DataFrame({"p_A": [0.9, 0.2, 0.5, 0.7], "p_B": [0.1, 0.1, 0.2, 0.6]})
    table["truth"] = ["A", "A", "No Finding", "B"]
    table["label"] = ["A", "No Finding", "A", "A|B"]
    table["image"] = [*"abcd"]
    assert list(worst_errors(table, ["A", "B"], MULTI_LABEL)["image"]) == ["b", "d", "c"]
    assert list(least_certain(table, ["A", "B"], MULTI_LABEL, {"A": 0.5, "B": 0.12})["image"]) == [*"cabd"]


def test_no_error_is_no_row():
    right = FILMS[FILMS["truth"] == FILMS["label"]]
    assert worst_errors(right, ["WELL", "SICK"]).empty

import pathlib

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from keras_cxr.data.check import check, class_weights, find_faults, ordered_classes, summary
from keras_cxr.data.table import Dataset, dataset_table
from keras_cxr.errors import CxrError


def dataset_of(*films, faults=()):
    """From (label, patient, split, how many) in short."""
    rows = [
        {"path": f"/{number}-{index}", "label": label, "patient": patient and f"{patient}{index}", "split": split}
        for number, (label, patient, split, count) in enumerate(films)
        for index in range(count)
    ]
    return Dataset(pathlib.Path("/films"), dataset_table(rows), "made up", faults=list(faults))


def everywhere(label, patient="", count=4):
    return [(label, patient and f"{patient}-{split}-", split, count) for split in ("train", "val", "test")]


def same_patient(label, *splits):
    rows = [
        {"path": f"/{label}{i}", "label": label, "patient": label, "split": split} for i, split in enumerate(splits)
    ]
    return dataset_table(rows)


def test_a_good_data_set_passes():
    check(dataset_of(*everywhere("A"), *everywhere("B", "p")))


@pytest.mark.parametrize(
    ("films", "expected"),
    [
        (everywhere("A"), ["Only one class (A): training needs films of at least two."]),
        (
            [film for film in [*everywhere("A"), *everywhere("B")] if film[2] != "val"],
            ["The val split is empty."],
        ),
        (
            [*everywhere("A"), ("B", "p", "train", 5)],
            ["Class B (5 films, 5 patients) has no film in val, test."],
        ),
        (
            [*everywhere("A"), ("B", "p", "train", 5), ("B", "q", "val", 2)],
            ["Class B (7 films, 7 patients) has no film in test."],
        ),
        (
            [*everywhere("A"), ("B", "", "test", 1)],
            ["Class B has 1 film: it cannot be in train, val and test at once."],
        ),
        (
            [("A", "", "train", 3)],
            [
                "Only one class (A): training needs films of at least two.",
                "The val split is empty.",
                "The test split is empty.",
            ],
        ),
    ],
)
def test_faults(films, expected):
    assert find_faults(dataset_of(*films)) == expected


def test_a_class_of_one_patient():
    dataset = dataset_of(*everywhere("A"))
    whole = dataset.table
    dataset.table = pd.concat([whole, same_patient("B", "train", "train")], ignore_index=True)
    assert find_faults(dataset) == ["Class B has 2 films of one patient: it cannot be in train, val and test at once."]
    # Where the splits were made by image, or given, it is there, and nothing keeps it from a training.
    dataset.table = pd.concat([whole, same_patient("B", "train", "val", "test")], ignore_index=True)
    assert find_faults(dataset) == []


def test_every_fault_is_raised_together():
    dataset = dataset_of(
        ("A", "p", "train", 9),
        ("A", "q", "val", 9),
        ("B", "r", "train", 9),
        ("C", "", "val", 1),
        faults=["From the CSV."],
    )
    with pytest.raises(CxrError, match="'/films' cannot be trained on as it is:") as caught:
        check(dataset)
    _, *lines = str(caught.value).split("\n")
    assert lines == [
        "  - From the CSV.",
        "  - The test split is empty.",
        "  - Class B (9 films, 9 patients) has no film in val.",
        "  - Class C has 1 film: it cannot be in train, val and test at once.",
    ]


@pytest.mark.parametrize("seed", range(4))
def test_class_weights_as_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    classes = [f"c{number}" for number in range(2 + seed)]
    labels = pd.Series([*classes, *rng.choice(classes, 200, p=rng.dirichlet(np.ones(len(classes))))])
    expected = compute_class_weight("balanced", classes=np.array(classes), y=labels.to_numpy())
    weights = class_weights(labels, classes)
    assert list(weights) == classes
    assert list(weights.values()) == pytest.approx(list(expected))


@pytest.mark.parametrize(
    ("labels", "positive", "expected"),
    [
        (["PNEUMONIA", "NORMAL"], None, ["NORMAL", "PNEUMONIA"]),
        (["abscess", "Healthy"], None, ["Healthy", "abscess"]),
        (["0", "1"], None, ["0", "1"]),
        (["Effusion", "No Finding"], None, ["No Finding", "Effusion"]),
        (["atelectasis", "no_finding"], None, ["no_finding", "atelectasis"]),
        (["COVID", "non-COVID"], None, ["non-COVID", "COVID"]),
        (["COVID", "NonCOVID"], "COVID", ["NonCOVID", "COVID"]),
        (["Pneumonia", "Without pneumonia"], None, ["Without pneumonia", "Pneumonia"]),
        (["nodule", "normal"], None, ["normal", "nodule"]),
        (["no", "yes"], None, ["no", "yes"]),
        (["left", "right"], None, ["left", "right"]),
        (["healthy", "normal"], None, ["healthy", "normal"]),
        (["NORMAL", "PNEUMONIA"], "NORMAL", ["PNEUMONIA", "NORMAL"]),
        (["virus", "Normal", "bacteria"], None, ["bacteria", "Normal", "virus"]),
    ],
)
def test_the_negative_class_comes_first(labels, positive, expected):
    assert ordered_classes(pd.Series(labels * 2), positive) == expected
    assert ordered_classes(pd.Series(labels[::-1]), positive) == expected


def test_a_positive_class_that_does_not_occur():
    with pytest.raises(CxrError, match=r"'--positive' option must be one of A, B\. Received: C\."):
        ordered_classes(pd.Series(["A", "B"]), "C")


def test_summary():
    counts = summary(dataset_of(*everywhere("A", "p", 3), *everywhere("B", "", 2), ("B", "q", "train", 1)), ["B", "A"])
    assert counts.to_dict("index") == {
        "B": {"train": 3, "val": 2, "test": 2, "films": 7, "patients": 1},
        "A": {"train": 3, "val": 3, "test": 3, "films": 9, "patients": 9},
        "all": {"train": 6, "val": 5, "test": 5, "films": 16, "patients": 10},
    }

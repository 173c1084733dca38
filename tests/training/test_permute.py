"""Permuted labels: as many of each class, patients whole, drawn by the seed, and the test split untouched."""

import pathlib

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from keras_cxr.data.table import Dataset
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.findings import indicators
from keras_cxr.training.control import Phase, best_row, kept_by, standing
from keras_cxr.training.permute import check_one_seed, permute_labels
from keras_cxr.training.recipe import Recipe

CONTROL = Recipe(permute_labels=True, patience=1, plateau_patience=1)


def films(patients=300, share=0.25, seed=0, mixed=False):
    """Films of patients with one to five each; the sick have more films, as in Kermany's set."""
    draw, rows = np.random.default_rng(seed), []
    for patient in range(patients):
        sick = draw.random() < share
        split = draw.choice(["train", "val", "test"], p=[0.6, 0.2, 0.2])
        for _ in range(draw.integers(1, 6 if sick else 3)):
            label = "PNEUMONIA" if sick and not (mixed and draw.random() < 0.3) else "NORMAL"
            rows.append({"label": label, "patient": f"p{patient}", "split": split})
    table = pd.DataFrame(rows).sample(frac=1, random_state=seed)  # with an index in no order
    return table.assign(path=[f"{n}.png" for n in range(len(table))], sha256=[f"s{n}" for n in range(len(table))])


def permuted(table, findings=(), seed=0, multi_label=""):
    dataset = Dataset(pathlib.Path("films"), table.copy(), "", multi_label=multi_label)
    note = permute_labels(dataset, list(findings), seed)
    assert dataset.notes == [note]
    return dataset.table


@pytest.mark.parametrize("mixed", [False, True])
def test_counts_patients_and_test_split_stay(mixed):
    before = films(mixed=mixed)
    after = permuted(before)
    assert after.drop(columns="label").equals(before.drop(columns="label"))
    counts = [table.groupby(["split", "label"]).size() for table in (before, after)]
    # Each true class of a split may miss its share by one patient, who has up to five films.
    assert (counts[0] - counts[1]).abs().max() <= 10
    test = before["split"] == "test"
    assert after.loc[test, "label"].equals(before.loc[test, "label"])
    together = pd.DataFrame({"was": before["label"], "now": after["label"], "patient": before["patient"]})[~test]
    assert together.groupby(["patient", "was"])["now"].nunique().max() == 1


def test_new_labels_tell_nothing_of_the_true_ones():
    before = films(patients=1000, share=0.4)
    rest = before["split"] != "test"
    kappas = [
        cohen_kappa_score(before.loc[rest, "label"], permuted(before, seed=seed).loc[rest, "label"])
        for seed in range(5)
    ]
    assert np.abs(kappas).max() < 0.03


def test_the_seed_decides():
    before = films()
    one, again, other = (permuted(before, seed=seed)["label"] for seed in (1, 1, 2))
    assert one.equals(again)
    assert not one.equals(other)


def test_identical_files_and_a_patient_in_two_splits_keep_one_label():
    before = films(patients=60)
    train = before.index[(before["split"] == "train") & (before["label"] == "NORMAL")]
    val = before.index[(before["split"] == "val") & (before["label"] == "NORMAL")]
    before.loc[[train[0], val[0]], "sha256"] = "same"
    before.loc[[train[1], val[1]], "patient"] = "both"
    for seed in range(5):
        after = permuted(before, seed=seed)["label"]
        assert after[train[0]] == after[val[0]]
        assert after[train[1]] == after[val[1]]


def test_sets_of_findings_are_dealt_whole():
    draw = np.random.default_rng(0)
    names = ["No Finding", "Effusion", "Effusion|Mass", "Mass", "Nodule"]
    before = films(patients=400)
    before["label"] = draw.choice(names, len(before), p=[0.5, 0.2, 0.1, 0.15, 0.05])
    after = permuted(before, ["Effusion", "Mass", "Nodule"], multi_label="findings")
    assert set(after["label"]) == set(names)
    for split in ("train", "val"):
        shares = [
            indicators(table.loc[table["split"] == split, "label"], ["Effusion", "Mass", "Nodule"]).mean(axis=0)
            for table in (before, after)
        ]
        np.testing.assert_allclose(*shares, atol=0.05)


def test_too_few_patients_are_told_in_one_line():
    few = pd.DataFrame({"label": ["NORMAL", "PNEUMONIA"], "patient": ["a", "b"], "path": ["1", "2"], "split": "train"})
    assert permuted(few)["label"].nunique() == 2
    # Of two patients, one of them with nearly all films, both nearly always get his label.
    many = few.loc[np.repeat([0, 1], [1, 5000])].reset_index(drop=True)
    with pytest.raises(CxrError, match="Give films of more patients") as fault:
        permuted(many)
    assert "\n" not in str(fault.value)


def test_a_control_is_trained_to_its_last_epoch_at_one_rate():
    phase = Phase("train", 4, 0.1)
    rows = [
        {"epoch": epoch, "phase": "train", "val_loss": 0.5 + epoch, "val_auroc": 0.6 - epoch / 10}
        for epoch in range(1, 5)
    ]
    for epoch in range(5):
        now = standing(phase, rows[:epoch], CONTROL)
        assert (now.learning_rate, now.finished) == (0.1, epoch == 4)
    assert best_row(rows, kept_by(CONTROL))["epoch"] == 4
    assert best_row([], kept_by(CONTROL)) is None
    assert kept_by(Recipe()) == "auroc"


def test_several_seeds_are_refused_in_one_line():
    check_one_seed(Recipe())
    with pytest.raises(UsageError, match="--seeds with --permute-labels") as fault:
        check_one_seed(CONTROL)
    assert "\n" not in str(fault.value)

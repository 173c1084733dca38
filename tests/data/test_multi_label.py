"""Films with any number of findings: read from lists, split by finding, counted and weighted."""

import pathlib

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from keras_cxr.data.layouts.multi_label import set_labels
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.multi_label import (
    class_count,
    finding_counts,
    finding_weights,
    learnable_findings,
    require_one_class,
)
from keras_cxr.data.source import read_dataset
from keras_cxr.data.splits import assign_splits
from keras_cxr.data.table import SPLITS, Dataset, dataset_table
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.evaluation.findings import indicators

NIH = ["Atelectasis", "Effusion", "Hernia", "Mass"]


@pytest.fixture
def write(tmp_path):
    """A folder of files with a labels.csv; the dataset read from it."""

    def run(lines, **options):
        for line in lines[1:]:
            (tmp_path / line.split(",")[0]).write_bytes(b"any bytes")
        (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
        return read_dataset(tmp_path, LabelOptions(**options))

    return run


def test_findings_of_a_labels_file(write):
    lines = ["image,label,Finding Labels", "1.png,A,Mass|Effusion", "2.png,B,", "3.png,A,No Finding", "4.png,B,mass"]
    dataset = write([*lines, "5.png,A,Mass"], multi_label="Finding Labels")
    assert list(dataset.table["label"]) == ["Effusion|Mass", "No Finding", "No Finding", "Mass", "Mass"]
    assert dataset.multi_label == "Finding Labels"
    assert class_count(dataset) == 2
    assert write(lines, label_column="label").multi_label == ""


def test_findings_are_renamed_one_by_one(write):
    lines = ["image,label", "1.png,Mass|Effusion", "2.png,Effusion", "3.png,Normal"]
    renamed = (("mass", "Lesion"), ("Effusion", "No Finding"), ("Nodule", "Lesion"))
    dataset = write(lines, multi_label="label", renamed=renamed)
    assert list(dataset.table["label"]) == ["Lesion", "No Finding", "No Finding"]
    assert "--map names findings that do not occur: Nodule." in dataset.notes


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"multi_label": "findngs"}, "Unknown column in labels.csv for --multi-label 'findngs'. Did you mean"),
        ({"multi_label": "findings", "finding": "Mass"}, "--multi-label findings goes without --finding"),
        ({"multi_label": "findings", "map_file": pathlib.Path("m.yaml")}, "goes without --map-file"),
    ],
)
def test_what_is_refused(write, options, error):
    with pytest.raises(UsageError, match=error):
        write(["image,label,findings", "1.png,A,Mass"], **options)


def test_films_without_findings_are_refused(tmp_path):
    for name in ("A/1.png", "B/1.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(b"any bytes")
    with pytest.raises(UsageError, match="they come without findings"):
        read_dataset(tmp_path, LabelOptions(multi_label="findings"))


def test_uncertain_findings_of_chexpert_count_as_absent(tmp_path):
    header = "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Edema,Pleural Effusion"
    rows = [
        "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,,1.0,-1.0",
        "CheXpert-v1.0-small/train/patient00002/study1/view1_frontal.jpg,Male,50,Frontal,AP,,1.0,1.0",
        "CheXpert-v1.0-small/train/patient00003/study1/view1_frontal.jpg,Male,50,Frontal,AP,1.0,,",
    ]
    for row in rows:
        file = tmp_path / row.split(",")[0].partition("/")[2]
        file.parent.mkdir(parents=True)
        file.write_bytes(b"any bytes")
    (tmp_path / "train.csv").write_text("\n".join([header, *rows]) + "\n")
    dataset = read_dataset(tmp_path, LabelOptions(multi_label="findings"))
    assert list(dataset.table["label"]) == ["Edema", "Edema|Pleural Effusion", "No Finding"]
    assert dataset.multi_label == "findings"
    assert "1 films have uncertain findings, which count as absent." in dataset.notes
    assert not any("--finding" in note for note in dataset.notes)
    with pytest.raises(UsageError, match="their column is 'findings'"):
        read_dataset(tmp_path, LabelOptions(multi_label="label"))


def test_spelling_is_that_of_most_films():
    labels, unused = set_labels(pd.Series(["MASS", "Mass|hernia", "Mass", ""]))
    assert list(labels) == ["Mass", "hernia|Mass", "Mass", "No Finding"]
    assert unused == []


def dataset_of(films=2000, seed=0):
    random = np.random.default_rng(seed)
    found = random.random((films, 4)) < (0.3, 0.2, 0.006, 0.08)
    labels = ["|".join(np.array(NIH)[row]) or "No Finding" for row in found]
    patients = random.integers(0, films // 3, films)
    rows = [
        {"path": f"/{i}", "label": label, "patient": f"p{patient}"}
        for i, (label, patient) in enumerate(zip(labels, patients, strict=True))
    ]
    return Dataset(pathlib.Path("/films"), dataset_table(rows), "made up", multi_label="findings")


@pytest.mark.parametrize("seed", range(3))
def test_every_split_has_its_share_of_each_finding(seed):
    dataset = dataset_of(seed=seed)
    assign_splits(dataset, (0.7, 0.15, 0.15), seed)
    table = dataset.table
    assert (table.groupby("patient")["split"].nunique() == 1).all()
    found = indicators(table["label"], NIH)
    for split, share in zip(SPLITS, (0.7, 0.15, 0.15), strict=True):
        inside = found[table["split"] == split].sum(axis=0)
        assert np.abs(inside - share * found.sum(axis=0)).max() < 8
        assert (inside > 0).all()


def test_rare_findings_are_left_out_and_named():
    labels = ["Mass|Effusion"] * 6 + ["Effusion"] * 6 + ["Hernia"] * 3 + ["No Finding"] * 6 + ["Nodule"] * 3
    splits = ["train", "val", "test"] * 7 + ["train"] * 3
    pairs = list(zip(labels, splits, strict=True))
    rows = [{"path": str(i), "label": label, "split": split} for i, (label, split) in enumerate(pairs)]
    dataset = Dataset(pathlib.Path("/films"), dataset_table(rows), "made up", multi_label="findings")
    found, notes = learnable_findings(dataset, SPLITS, 2)
    assert found == ["Effusion", "Mass"]
    assert notes == [
        "No class of its own, as fewer than 2 training films have it: Hernia (1).",
        "No class of its own, as a split has no film with it, or none without: Nodule (val, test).",
    ]
    counts = finding_counts(dataset.table, found)
    assert counts.loc["Effusion"].to_list() == [4, 4, 4, 12, 0]
    assert counts.loc["Mass", "films"] == 6
    assert counts.loc["No Finding", "films"] == 12  # none of the classes: Hernia and Nodule among them
    assert counts.loc["all", "films"] == 24


def test_weights_are_scikit_learns_of_each_finding():
    truth = np.random.default_rng(0).random((50, 3)) < (0.5, 0.2, 0.1)
    present, absent = finding_weights("balanced", truth)
    for k in range(3):
        expected = compute_class_weight("balanced", classes=np.array([False, True]), y=truth[:, k])
        assert [absent[k], present[k]] == pytest.approx(expected)
    positive, ones = finding_weights("positive", truth)
    assert positive == pytest.approx(present / absent)
    assert (ones == 1).all()
    assert all((part == 1).all() for part in finding_weights("none", truth))


def test_what_is_for_one_class_refuses_findings():
    with pytest.raises(CxrError, match=r"A vote is for films of one class each\. Received: --multi-label findings"):
        require_one_class(dataset_of(10), "A vote")

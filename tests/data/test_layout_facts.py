"""What a labels.csv may tell besides labels: age, sex, view, findings, boxes, lung masks."""

import math
import pathlib

import pandas as pd
import pytest
from published_sets import lay, notes

from keras_cxr.data.layouts.facts import sex, view, years
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset


def test_labels_csv_with_facts_boxes_and_masks(tmp_path):
    labels = (
        "image,label,age,Gender,View Position,Finding Labels",
        "p/a.png,SICK,012M,male,pa,Mass|Edema",
        "b.png,WELL,300,,L,No Finding",
    )
    boxes = ("image,label,x,y,width,height", "p/a.png,SICK,1,2,3,4", "a,SICK,5,6,7,8", "b.png,SICK,,,,", "z,Q,1,1,1,1")
    lay(tmp_path, "p/a.png", "b.png", "masks/a.png", labels=labels, boxes=boxes)
    table = read_dataset(tmp_path).table
    assert table["label"].tolist() == ["SICK", "WELL"]
    assert table[["sex", "view", "findings"]].to_numpy().tolist() == [
        ["M", "PA", "Mass|Edema"],
        ["", "lateral", "No Finding"],
    ]
    assert table["age"][0] == 1
    assert math.isnan(table["age"][1])
    assert table["boxes"].tolist() == [[(1, 2, 3, 4), (5, 6, 7, 8)], []]
    assert table["mask"].tolist() == [str(tmp_path / "masks" / "a.png"), ""]
    by_finding = read_dataset(tmp_path, LabelOptions(finding="edema")).table
    assert by_finding["label"].tolist() == ["Edema", "No Edema"]


def test_a_labels_csv_without_facts(tmp_path):
    lay(tmp_path, "a.png", labels=("image,label", "a.png,X"), boxes=("film,left,top", "a.png,1,2"))
    dataset = read_dataset(tmp_path, LabelOptions(finding="Edema"))
    assert list(dataset.table) == ["path", "label", "patient", "split"]
    assert "boxes.csv lacks the column image, x, y, width, height and is passed over." in dataset.notes
    assert "--finding is passed over: these films come without findings (labels in a CSV file (labels.csv))." in notes(
        dataset
    )


def test_nih512(shared_data):
    folder = shared_data / "nih512"
    table = read_dataset(folder).table
    labels, boxes = pd.read_csv(folder / "labels.csv", dtype={"patient": str}), pd.read_csv(folder / "boxes.csv")
    for column in ("label", "patient", "age", "sex", "view", "findings"):
        assert table[column].tolist() == labels[column].tolist()
    found = [(pathlib.Path(row["path"]).name, *box) for row in table.to_dict("records") for box in row["boxes"]]
    assert len(found) == 19
    assert sorted(found) == sorted(boxes[["image", "x", "y", "width", "height"]].itertuples(index=False, name=None))
    by_finding = read_dataset(folder, LabelOptions(finding="pneumonia")).table
    sick = labels["findings"].str.contains("Pneumonia")
    assert (by_finding["label"] == "Pneumonia").tolist() == sick.tolist()


def test_phantom(phantom):
    table = read_dataset(phantom).table
    boxes = pd.read_csv(phantom / "boxes.csv")
    known = boxes["image"].str.startswith("known_images/").sum()
    assert table["boxes"].map(len).sum() == known > 0
    names = [[pathlib.Path(path).name for path in table[column]] for column in ("mask", "path")]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (years, "58", 58),
        (years, "058Y", 58),
        (years, "006M", 0.5),
        (years, "52.0", 52),
        (years, "120", 120),
        (years, "121", None),
        (years, "", None),
        (years, "old", None),
        (sex, "Female", "F"),
        (sex, "m", "M"),
        (sex, "Unknown", ""),
        (sex, "x", "x"),
        (view, "ap", "AP"),
        (view, "LATERAL", "lateral"),
        (view, "oblique", "oblique"),
    ],
)
def test_facts(read, text, expected):
    value = read(text)
    assert value == expected if expected is not None else math.isnan(value)

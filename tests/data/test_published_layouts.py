"""Published data sets, each as a tiny set in the layout in which it is published."""

import csv
import math
import pathlib

import pandas as pd
import pytest

from keras_cxr.data.layouts import PUBLISHED
from keras_cxr.data.layouts.facts import sex, view, years
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError


def lay(folder, *films, **tables):
    """Write films of any bytes, and tables: their lines, by file name without suffix."""
    for name in films:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"any bytes")
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def rows(dataset, *columns):
    return {pathlib.Path(row["path"]).stem: tuple(row[c] for c in columns) for row in dataset.table.to_dict("records")}


def notes(dataset):
    return "\n".join(dataset.notes)


# --- RSNA

RSNA = (
    "patientId,x,y,width,height,Target",
    "p-1,,,,,0",
    "p-2,247.0,249.0,199.0,428.0,1",
    "p-2,617.0,269.0,208.0,420.0,1",
    "p-3,,,,,0",
)


@pytest.mark.parametrize("place", ["stage_2_train_images/", ""])
def test_rsna(tmp_path, place):
    films = [f"{place}p-{number}.dcm" for number in (1, 2)] + ["stage_2_test_images/q.dcm"]
    dataset = read_dataset(lay(tmp_path, *films, stage_2_train_labels=RSNA))
    assert dataset.layout == "RSNA Pneumonia Detection Challenge"
    assert rows(dataset, "label", "patient", "split", "boxes") == {
        "p-1": ("NO PNEUMONIA", "p-1", "", []),
        "p-2": ("PNEUMONIA", "p-2", "", [(247, 249, 199, 428), (617, 269, 208, 420)]),
    }
    assert "1 of 3 films named in stage_2_train_labels.csv are not there, first: p-3" in dataset.notes
    assert "1 films without a label are left out, first: stage_2_test_images/q.dcm" in dataset.notes
    assert "detail" not in dataset.table


def test_rsna_details(tmp_path):
    details = ("patientId,class", "p-1,No Lung Opacity / Not Normal", "p-2,Lung Opacity", "p-2,Lung Opacity")
    lay(tmp_path, "p-1.dcm", "p-2.dcm", "p-3.png", stage_2_train_labels=RSNA, stage_2_detailed_class_info=details)
    assert rows(read_dataset(tmp_path), "detail") == {
        "p-1": ("No Lung Opacity / Not Normal",),
        "p-2": ("Lung Opacity",),
        "p-3": ("",),
    }


def test_rsna_films_as_published(shared_data):
    dataset = read_dataset(shared_data / "dicom")
    with open(shared_data / "dicom" / "stage_2_train_labels.csv") as stream:
        lines = list(csv.DictReader(stream))
    sick = {line["patientId"] for line in lines if line["Target"] == "1"}
    table = dataset.table
    assert len(table) == 5
    assert set(table.loc[table["label"] == "PNEUMONIA", "patient"]) == sick
    boxes = [(row["patient"], *box) for row in table.to_dict("records") for box in row["boxes"]]
    assert boxes == [
        (line["patientId"], *(float(line[side]) for side in ("x", "y", "width", "height")))
        for line in lines
        if line["x"]
    ]


# --- NIH ChestX-ray14

NIH_2017 = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],",
    "00000001_000.png,Cardiomegaly|Effusion,0,1,58,M,PA,2682,2749,0.143,0.143,",
    "00000002_000.png,No Finding,0,2,411,F,AP,2048,2500,0.168,0.171,",
    "00000002_001.png,Pneumonia,1,2,061Y,F,AP,2048,2500,,,",
    "00000003_000.png,Infiltration,0,3,7,F,PA,1024,1024,0.2,0.2,",
)
NIH_BOXES = (
    "Image Index,Finding Label,Bbox [x,y,w,h],,,",
    "00000001_000.png,Cardiomegaly,225.08,547.02,86.78,79.19,,,",
    "00000001_000.png,Effusion,1.5,2.5,3.5,4.5,,,",
    "00000003_000.png,Infiltrate,10,20,30,40,,,",
)


def nih(folder, name="Data_Entry_2017", lines=NIH_2017):
    films = ("images_001/images/00000001_000.png", "images_002/images/00000002_000.png")
    lay(folder, *films, "images/00000002_001.png", "images/00000003_000.png", **{name: lines}, BBox_List_2017=NIH_BOXES)
    (folder / "train_val_list.txt").write_text("00000001_000.png\n00000003_000.png\n")
    (folder / "test_list.txt").write_text("00000002_000.png\r\n00000002_001.png")
    return folder


@pytest.mark.parametrize("edition", ["2017", "2020", "2020 with sex"])
def test_nih(tmp_path, edition):
    name, lines = "Data_Entry_2017", NIH_2017
    if edition != "2017":
        name, lines = "Data_Entry_2017_v2020", [line.removesuffix(",") for line in lines]
        lay(tmp_path, Data_Entry_2017=("not to be read",))
    if edition.endswith("sex"):
        lines = [line.replace("Gender", "Sex") for line in lines]
    dataset = read_dataset(nih(tmp_path, name, lines))
    assert dataset.layout == "NIH ChestX-ray14"
    assert rows(dataset, "label", "patient", "split", "sex", "view", "findings") == {
        "00000001_000": ("Finding", "00000001", "train", "M", "PA", "Cardiomegaly|Effusion"),
        "00000002_000": ("No Finding", "00000002", "test", "F", "AP", "No Finding"),
        "00000002_001": ("Finding", "00000002", "test", "F", "AP", "Pneumonia"),
        "00000003_000": ("Finding", "00000003", "train", "F", "PA", "Infiltration"),
    }
    ages = dataset.table["age"]
    assert [ages[0], ages[2], ages[3]] == [58, 61, 7]
    assert math.isnan(ages[1])
    # 2682 × 2749 pixels of 0.143 mm, shown on 1024 × 1024
    assert dataset.table["spacing"][0] == pytest.approx((2749 * 0.143 / 1024, 2682 * 0.143 / 1024))
    assert dataset.table["spacing"][1] == pytest.approx((2500 * 0.171 / 1024, 2048 * 0.168 / 1024))
    assert dataset.table["spacing"][2] is None
    assert dataset.table["boxes"].map(len).tolist() == [2, 0, 0, 1]
    assert dataset.table["boxes"][0][0] == (225.08, 547.02, 86.78, 79.19)
    assert "--finding NAME makes one finding the class; the commonest: Cardiomegaly (1), " in notes(dataset)


def test_nih_by_finding(tmp_path):
    dataset = read_dataset(nih(tmp_path), LabelOptions(finding="INFILTRATION", renamed=(("infiltration", "SICK"),)))
    assert rows(dataset, "label", "boxes") == {
        "00000001_000": ("No Infiltration", []),
        "00000002_000": ("No Infiltration", []),
        "00000002_001": ("No Infiltration", []),
        "00000003_000": ("SICK", [(10, 20, 30, 40)]),
    }
    with pytest.raises(UsageError, match=r"Unknown finding 'pneumona'\. Did you mean 'Pneumonia'\? Known: Cardio"):
        read_dataset(tmp_path, LabelOptions(finding="pneumona"))


def test_nih_by_itself(tmp_path):
    lay(tmp_path, "00000001_000.png", "00000009_000.png", Data_Entry_2017=NIH_2017)
    dataset = read_dataset(tmp_path)
    assert rows(dataset, "split", "boxes") == {"00000001_000": ("", [])}
    assert "3 of 4 films named in Data_Entry_2017.csv are not there, first: 00000002_000.png" in dataset.notes
    assert "1 films without a label are left out, first: 00000009_000.png" in dataset.notes


# --- CheXpert

CHEXPERT = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,Lung Opacity,Lung Lesion,"
    "Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,Pleural Effusion,Pleural Other,Fracture,Support Devices"
)
HEAD = "CheXpert-v1.0-small"
P1, P2, P3 = (f"{HEAD}/train/patient0000{number}/study{study}" for number, study in ((1, 1), (2, 1), (2, 2)))
CHEXPERT_TRAIN = (
    CHEXPERT,
    f"{P1}/view1_frontal.jpg,Female,68,Frontal,AP,1.0,,,,,,,,,0.0,,,,1.0",
    f"{P2}/view1_frontal.jpg,Male,87,Frontal,PA,,,-1.0,1.0,,-1.0,,1.0,,-1.0,,-1.0,1.0,",
    f"{P2}/view2_lateral.jpg,Male,87,Lateral,,,,-1.0,1.0,,-1.0,,-1.0,,,,,,",
    f"{P3}/view1_frontal.jpg,Unknown,0,Frontal,LL,,,,,,,,-1.0,,,,,,",
)
CHEXPERT_VALID = (
    CHEXPERT,
    f"{HEAD}/valid/patient64541/study1/view1_frontal.jpg,Male,73,Frontal,AP,0.0,1.0,0.0,0,0,0,0,0.0,0,0,0,0,0,0.0",
)


def chexpert(folder):
    films = [line.split(",")[0].removeprefix(f"{HEAD}/") for line in (*CHEXPERT_TRAIN[1:], *CHEXPERT_VALID[1:])]
    return lay(folder / "anyhow", *films, train=CHEXPERT_TRAIN, valid=CHEXPERT_VALID)


def test_chexpert(tmp_path):
    dataset = read_dataset(chexpert(tmp_path))
    assert dataset.layout == "CheXpert"
    columns = ["label", "split", "patient", "study", "view", "sex", "age", "findings", "uncertain"]
    doubts = "Cardiomegaly|Edema|Pneumothorax|Pleural Other"
    study = "patient00002/study1"
    assert [tuple(row) for row in dataset.table[columns].to_numpy()] == [
        ("No Finding", "train", "patient00001", "patient00001/study1", "AP", "F", 68, "No Finding|Support Devices", ""),
        ("Finding", "train", "patient00002", study, "PA", "M", 87, "Lung Opacity|Pneumonia|Fracture", doubts),
        ("Finding", "train", "patient00002", study, "lateral", "M", 87, "Lung Opacity", "Cardiomegaly|Edema|Pneumonia"),
        ("Finding", "val", "patient64541", "patient64541/study1", "AP", "M", 73, "Enlarged Cardiomediastinum", ""),
    ]
    assert "1 films list no certain finding and no No Finding and are left out." in dataset.notes
    assert all(pathlib.Path(path).is_file() for path in dataset.table["path"])


def test_chexpert_by_finding(tmp_path):
    dataset = read_dataset(chexpert(tmp_path), LabelOptions(finding="pneumonia"))
    assert dataset.table["label"].tolist() == ["No Pneumonia", "Pneumonia", "No Pneumonia"]
    assert "2 films have uncertain Pneumonia and are left out." in dataset.notes
    film = CHEXPERT_TRAIN[4].split(",")[0].removeprefix(f"{HEAD}/")
    only = lay(tmp_path / "only", film, train=(CHEXPERT, CHEXPERT_TRAIN[4]))
    with pytest.raises(CxrError, match=r"all have uncertain Pneumonia\. Choose another --finding"):
        read_dataset(only, LabelOptions(finding="Pneumonia"))


# --- VinDr-CXR

VINDR_TRAIN = (
    "image_id,rad_id,Aortic enlargement,Cardiomegaly,Pneumonia,Other diseases,No finding",
    "a,R1,1,1,1,0,0",
    "a,R2,1,0,1,0,0",
    "a,R3,0,0,0,1,0",
    "b,R1,0,0,0,0,1",
    "b,R4,0,0,0,0,1",
    "b,R9,0,1,0,0,0",
    "c,R1,1,0,0,0,0",
    "c,R4,0,1,0,0,0",
    "c,R9,0,0,0,0,1",
)
VINDR_MARKS = (
    "image_id,rad_id,class_name,x_min,y_min,x_max,y_max",
    "a,R1,Aortic enlargement,10.5,20,30,50",
    "a,R2,Aortic enlargement,11,21,31,51",
    "a,R1,Cardiomegaly,1,2,3,4",
    "b,R1,No finding,,,,",
    "b,R9,Cardiomegaly,1,2,3,4",
)
VINDR_TEST = ("image_id,Aortic enlargement,Cardiomegaly,Pneumonia,Other disease,No finding", "t,0,0,0,1,0")


@pytest.mark.parametrize("place", ["annotations", "."])
def test_vindr(tmp_path, place):
    films = ("train/a.dicom", "train/b.dicom", "train/c.png", "test/t.dicom")
    lay(tmp_path, *films)
    (tmp_path / place).mkdir(exist_ok=True)
    tables = {"image_labels_train": VINDR_TRAIN, "image_labels_test": VINDR_TEST, "annotations_train": VINDR_MARKS}
    lay(tmp_path / place, **tables)
    dataset = read_dataset(tmp_path)
    assert dataset.layout == "VinDr-CXR"
    assert rows(dataset, "label", "split", "findings", "boxes") == {
        "a": ("Finding", "train", "Aortic enlargement|Pneumonia", [(10.5, 20, 19.5, 30), (11, 21, 20, 30)]),
        "b": ("No Finding", "train", "No Finding", []),
        "c": ("Finding", "train", "", []),  # two of three saw something, no two the same
        "t": ("Finding", "test", "Other diseases", []),
    }
    dataset = read_dataset(tmp_path, LabelOptions(finding="Pneumonia"))
    assert rows(dataset, "label", "boxes") == {
        "a": ("Pneumonia", []),
        **dict.fromkeys("bct", ("No Pneumonia", [])),
    }


def test_vindr_on_kaggle(tmp_path):
    marks = (
        "image_id,class_name,class_id,rad_id,x_min,y_min,x_max,y_max",
        "a,Aortic enlargement,0,R1,10,20,30,50",
        "a,Aortic enlargement,0,R1,60,70,80,90",
        "a,Aortic enlargement,0,R2,11,21,31,51",
        "a,Cardiomegaly,3,R1,1,2,3,4",
        "a,No finding,14,R3,,,,",
        *(f"b,No finding,14,R{reader},,,," for reader in (1, 2, 3)),
    )
    lay(tmp_path, "train/a.dicom", "train/b.dicom", "test/q.dicom", train=marks)
    assert rows(read_dataset(tmp_path), "label", "split", "findings", "boxes") == {
        "a": ("Finding", "train", "Aortic enlargement", [(10, 20, 20, 30), (60, 70, 20, 20), (11, 21, 20, 30)]),
        "b": ("No Finding", "train", "No Finding", []),
    }


# --- COVID-19 Radiography Database


def test_covid_radiography(tmp_path):
    names = {"COVID": "COVID-1", "Lung_Opacity": "Lung_Opacity-1", "Viral Pneumonia": "Viral Pneumonia-1"}
    films = [f"{label}/{kind}/{name}.png" for label, name in names.items() for kind in ("images", "masks")]
    lay(tmp_path, *films, "Normal/images/Normal-1.png", "COVID.metadata.xlsx")
    dataset = read_dataset(tmp_path)
    assert dataset.layout == "COVID-19 Radiography Database"
    assert rows(dataset, "label", "mask") == {
        **{name: (label, str(tmp_path / label / "masks" / f"{name}.png")) for label, name in names.items()},
        "Normal-1": ("Normal", ""),
    }


# --- Kermany

KERMANY = (
    "NORMAL/IM-0115-0001.jpeg",
    "NORMAL/NORMAL2-IM-0383-0001.jpeg",
    "PNEUMONIA/person1000_bacteria_2931.jpeg",
    "PNEUMONIA/person1_virus_6.jpeg",
)


def test_kermany(tmp_path):
    lay(tmp_path, *(f"{split}/{name}" for split in ("train", "test") for name in KERMANY), "train/PNEUMONIA/other.jpeg")
    dataset = read_dataset(tmp_path)
    assert dataset.layout == "Kermany's chest_xray"
    kinds = dataset.table.groupby(["split", "label", "kind"]).size().to_dict()
    each = {("NORMAL", "normal"): 2, ("PNEUMONIA", "bacteria"): 1, ("PNEUMONIA", "virus"): 1}
    assert kinds == {
        **{(split, *which): count for split in ("train", "test") for which, count in each.items()},
        ("train", "PNEUMONIA", ""): 1,
    }
    assert set(dataset.table["patient"]) == {"IM-0115", "IM-0383", "person1000", "person1", ""}
    dataset = read_dataset(tmp_path, LabelOptions(layout="kermany3"))
    assert dataset.table["label"].value_counts().to_dict() == {"normal": 4, "bacteria": 2, "virus": 2}
    assert "1 films do not tell bacteria from virus and are left out." in dataset.notes


def test_one_split_of_kermany_in_three_classes(tmp_path):
    dataset = read_dataset(lay(tmp_path, *KERMANY), LabelOptions(layout="kermany3"))
    assert sorted(dataset.table["label"]) == ["bacteria", "normal", "normal", "virus"]
    assert set(dataset.table["split"]) == {""}


def test_kermany_on_mendeley(tmp_path):
    lay(tmp_path, "train/NORMAL/NORMAL-11419-0001.jpeg", "train/PNEUMONIA/BACTERIA-1008087-0001.jpeg")
    assert rows(read_dataset(tmp_path), "label", "patient", "kind") == {
        "NORMAL-11419-0001": ("NORMAL", "11419", "normal"),
        "BACTERIA-1008087-0001": ("PNEUMONIA", "1008087", "bacteria"),
    }


def test_kermany_as_published(shared_data):
    table = read_dataset(shared_data / "kermany224", LabelOptions(layout="kermany3")).table
    counts = table[table["split"] == "train"]["label"].value_counts().to_dict()
    assert counts == {"normal": 1341, "bacteria": 2530, "virus": 1345}


# --- facts in a labels.csv


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


# --- which layout


def test_the_users_own_labels_count_before_published_ones(tmp_path):
    lay(tmp_path, "p-1.dcm", "p-2.dcm", stage_2_train_labels=RSNA, labels=("image,label", "p-1,X", "p-2,Y"))
    assert rows(read_dataset(tmp_path), "label") == {"p-1": ("X",), "p-2": ("Y",)}
    pattern = LabelOptions(label_pattern="(?P<label>[12])")
    assert rows(read_dataset(tmp_path, pattern), "label") == {"p-1": ("1",), "p-2": ("2",)}
    assert rows(read_dataset(tmp_path, LabelOptions(layout="RSNA")), "patient") == {"p-1": ("p-1",), "p-2": ("p-2",)}


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"layout": "nhi"}, UsageError, r"Unknown layout 'nhi'\. Did you mean 'nih'\?"),
        ({"layout": "nih"}, CxrError, r"does not have the layout 'nih', which needs Data_Entry_2017_v2020\.csv or"),
        ({"layout": "labels_csv"}, CxrError, r"'labels-csv', which needs a labels\.csv in the folder"),
        ({"layout": "rsna", "labels": "x.csv"}, UsageError, "brings its own labels: leave out --layout, or --labels"),
        ({"layout": "class-folders", "label_pattern": "x"}, UsageError, "brings its own labels"),
    ],
)
def test_layouts_that_cannot_be_meant(tmp_path, options, kind, message):
    with pytest.raises(kind, match=message):
        read_dataset(lay(tmp_path, *KERMANY), LabelOptions(**options))


def test_a_named_layout_counts_before_a_recognised_one(tmp_path):
    dataset = read_dataset(lay(tmp_path, *KERMANY), LabelOptions(layout="class_folders"))
    assert dataset.layout == "class folders"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_no_published_layout_is_seen_in_another_folder(tmp_path, name):
    # A user's train.csv, folders NORMAL and PNEUMONIA, one masks folder.
    lay(tmp_path, "NORMAL/a.png", "PNEUMONIA/b.png", "NORMAL/masks/a.png", train=("image,label", "a,X"))
    assert not PUBLISHED[name].matches(tmp_path, LabelOptions(layout=name))


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"stage_2_train_labels": ("patientId,Target", "p,1")}, "is not as published: it lacks the column x, y, width"),
        ({"stage_2_train_labels": RSNA}, "None of the 3 films named in .* First name there: p-1"),
        ({"stage_2_train_labels": RSNA[:1]}, "None of the 0 films named in"),
        ({"Data_Entry_2017": ("Image Index", "a.png")}, "it lacks the column Finding Labels, Patient ID"),
        ({"Data_Entry_2017": NIH_2017, "BBox_List_2017": ("Image Index", "a")}, "BBox_List_2017.csv' is not as pub"),
        ({"train": CHEXPERT_TRAIN}, "None of the 4 films named in .*train.csv' lies below"),
        ({"image_labels_train": ("id,Mass", "a,1")}, "lacks the column image_id"),
        ({"image_labels_test": VINDR_TEST}, "None of the 1 films named in .*image_labels_test.csv"),
    ],
)
def test_tables_that_cannot_be_used(tmp_path, tables, message):
    with pytest.raises(CxrError, match=message) as caught:
        read_dataset(lay(tmp_path, "somebody.png", **tables))
    assert "\n" not in str(caught.value)


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

"""Published data sets, each as a tiny set in the layout in which it is published."""

import csv
import math
import pathlib

import pytest
from published_sets import CHEXPERT, CHEXPERT_TRAIN, HEAD, KERMANY, NIH_2017, RSNA, VINDR_TEST, lay, notes, rows

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError, UsageError

# --- RSNA


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

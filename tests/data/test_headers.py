"""What DICOM headers bring into the dataset table, and which films --frontal-only leaves out."""

import concurrent.futures
import hashlib
import pathlib
import stat
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

pytest.importorskip("pydicom")

from keras_cxr.cache import cache_folder, patient_salt
from keras_cxr.cli import main
from keras_cxr.data.films import read_film
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import read_dataset
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError

# The package mutes pydicom's warnings; pytest lets them through again.
pytestmark = pytest.mark.filterwarnings("ignore")

PIXELS = np.tile(np.arange(40, dtype=np.uint8) * 6, (40, 1))
CHEST, KNEE = {"BodyPartExamined": "CHEST"}, {"BodyPartExamined": "KNEE"}
# Name, label, header; what --frontal-only says of it ('' where it stays).
FILMS = (
    ("1.dcm", "sick", {"PatientID": "p1", "ViewPosition": "PA", "PatientAge": "045Y", "PatientSex": "F", **CHEST}, ""),
    ("IM2", "sick", {"PatientID": "p1", "ViewPosition": "LL", "PatientAge": "006M", **CHEST}, "lateral view"),
    ("3.dcm", "sick", {"PatientID": "p2", "ViewPosition": "AP", "PixelSpacing": [0.2, 0.25], "Modality": "CR"}, ""),
    ("4.dcm", "well", {"PatientID": "p3", "ViewPosition": "PA", **KNEE}, "of knee"),
    ("5.dcm", "well", {"PatientID": "p4", "ViewPosition": "RAO"}, "lateral view"),
    ("6.dcm", "well", {"PatientID": "p5", "ViewPosition": "LLD"}, ""),  # lying on the side, and frontal
    ("7.dcm", "well", {"StudyInstanceUID": "1.2.3"}, ""),
)
ODD = {f"{label}/{name}": reason for name, label, _, reason in FILMS if reason}


def write(folder, dicom_film):
    for name, label, header, _ in FILMS:
        (folder / label).mkdir(parents=True, exist_ok=True)
        (folder / label / name).write_bytes(dicom_film(PIXELS, **header))
    return folder


@pytest.fixture
def films(dicom_film, tmp_path):
    return write(tmp_path / "films", dicom_film)


@pytest.fixture
def new_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def by_name(dataset):
    table = dataset.table.assign(name=[relative_name(path, dataset.root) for path in dataset.table["path"]])
    return table.set_index("name")


def test_facts_land_in_the_table(films):
    table = by_name(read_dataset(films))
    assert len(table) == len(FILMS)
    first = table.loc["sick/1.dcm"]
    assert (first["label"], first["view"], first["age"], first["sex"]) == ("sick", "PA", 45, "F")
    assert table.loc["sick/IM2", "age"] == 0.5
    assert table.loc["sick/3.dcm", "spacing"] == (0.2, 0.25)
    assert table.loc["sick/3.dcm", "modality"] == "CR"
    last = table.loc["well/7.dcm"]
    assert (last["view"], last["sex"], last["modality"], last["spacing"], last["patient"]) == ("", "", "", None, "")
    assert pd.isna(last["age"])
    assert last["study"] == hashlib.blake2b(patient_salt() + b"1.2.3", digest_size=8).hexdigest()
    expected = [hashlib.blake2b(patient_salt() + f"p{n}".encode(), digest_size=8).hexdigest() for n in (1, 1, 2)]
    assert list(table.loc[["sick/1.dcm", "sick/IM2", "sick/3.dcm"], "patient"]) == expected


def test_a_mixed_folder_keeps_both_kinds(films):
    Image.fromarray(PIXELS).save(films / "sick" / "8.png")
    table = by_name(read_dataset(films))
    assert tuple(table.loc["sick/8.png", ["patient", "view", "study"]]) == ("", "", "")
    assert table.loc["sick/1.dcm", "view"] == "PA"


def test_what_the_labels_file_says_stands(films):
    rows = [("1.dcm", "x", "known", "lateral"), ("3.dcm", "y", "", "PA")]
    pd.DataFrame(rows, columns=["file", "label", "patient", "view"]).to_csv(films / "labels.csv", index=False)
    table = by_name(read_dataset(films))
    assert tuple(table.loc["sick/1.dcm", ["patient", "view", "sex"]]) == ("known", "lateral", "F")
    assert table.loc["sick/3.dcm", "patient"] == hashlib.blake2b(patient_salt() + b"p2", digest_size=8).hexdigest()


def test_patient_pattern_goes_before_the_header(films):
    table = by_name(read_dataset(films, LabelOptions(patient_pattern=r"^(?P<patient>\d)\.dcm")))
    assert table.loc["sick/1.dcm", "patient"] == "1"


def patients(folder, **options):
    return list(read_dataset(folder, LabelOptions(**options)).table["patient"])


def test_hashes_agree_within_a_salt_and_with_no_other(films, tmp_path, monkeypatch):
    runs = {}
    for cache in ("one", "two"):
        monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path / cache))
        runs[cache] = patients(films)
        assert runs[cache] == patients(films)
        assert runs[cache][0] == runs[cache][2] != runs[cache][1]
        assert all(len(patient) == 16 and int(patient, 16) >= 0 for patient in runs[cache] if patient)
    assert not {*runs["one"]} & {*runs["two"]} - {""}
    assert patients(films, keep_patient_ids=True) == ["p1", "p2", "p1", "p3", "p4", "p5", ""]


def test_the_salt_is_secret_and_made_once(films, new_cache):
    assert cache_folder() == new_cache
    patients(films)
    file = new_cache / "patient-salt"
    salt = file.read_bytes()
    assert len(salt) == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 or sys.platform == "win32"
    patients(films)
    assert file.read_bytes() == salt == patient_salt()
    assert [path.name for path in new_cache.iterdir()] == ["patient-salt"]


def test_threads_draw_one_salt(tmp_path, monkeypatch):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for turn in range(20):
            monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path / str(turn)))
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                assert len(set(pool.map(lambda _: patient_salt(), range(16)))) == 1
    finally:
        sys.setswitchinterval(interval)


def test_where_no_salt_can_be_kept_patients_are_not_silently_lost(films, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path / "file" / "cache"))
    assert main(["convert", str(films), str(tmp_path / "copy")]) == 1
    assert str(tmp_path / "file" / "cache") in capsys.readouterr().err


def test_without_dicom_nothing_changes(phantom, new_cache):
    table = read_dataset(phantom / "known_images").table
    assert list(table.columns) == ["path", "label", "patient", "split"]
    assert table["patient"].str.startswith("phantom-").all()
    assert read_dataset(phantom / "known_images", LabelOptions(frontal_only=True)).table.equals(table)
    assert not new_cache.exists()


def test_broken_headers_and_no_pydicom_leave_the_facts_empty(films, monkeypatch):
    (films / "sick" / "9.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 40)
    (films / "sick" / "10.dcm").write_text("no film")
    table = by_name(read_dataset(films))
    assert tuple(table.loc["sick/9.dcm", ["patient", "view"]]) == ("", "")
    assert tuple(table.loc["sick/10.dcm", ["patient", "view"]]) == ("", "")
    for name in [name for name in sys.modules if name.startswith(("keras_cxr.data.dicom", "pydicom"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    dataset = read_dataset(films)
    assert list(dataset.table.columns) == ["path", "label", "patient", "split"]


def test_films_that_are_not_frontal_are_noted(films):
    dataset = read_dataset(films)
    notes = [note for note in dataset.notes if "frontal" in note]
    assert len(notes) == 1
    for part in ("2 lateral view", "1 of knee", "first: sick/IM2", "--frontal-only"):
        assert part in notes[0]


def test_films_that_are_not_frontal_are_left_out(films):
    dataset = read_dataset(films, LabelOptions(frontal_only=True))
    assert set(by_name(dataset).index) == {f"{label}/{name}" for name, label, *_ in FILMS} - set(ODD)
    assert list(dataset.table.index) == list(range(len(FILMS) - len(ODD)))
    note = next(note for note in dataset.notes if "Left out by --frontal-only" in note)
    assert "2 lateral view" in note
    assert "1 of knee" in note


def test_frontal_only_that_leaves_none(dicom_film, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.dcm").write_bytes(dicom_film(PIXELS, ViewPosition="LL"))
    with pytest.raises(CxrError, match=r"--frontal-only leaves no film of .*: 1 lateral view"):
        read_dataset(tmp_path, LabelOptions(frontal_only=True))


@pytest.mark.parametrize("film", FILMS, ids=[film[0] for film in FILMS])
def test_read_film_obeys_the_same_rule(films, film):
    name, label, _, reason = film
    preprocessing = Preprocessing(size=32)
    assert read_film(films / label / name, preprocessing).error == ""
    read = read_film(films / label / name, preprocessing, frontal_only=True)
    assert read.error == (f"left out by --frontal-only: {reason}" if reason else "")
    assert (read.pixels is None) is bool(reason)


def nih(folder):
    """NIH ChestX-ray14 has no lateral films; other sites publish theirs in its form."""
    views = {"00000001_000.png": "PA", "00000001_001.png": "LL", "00000002_000.png": "AP", "00000003_000.png": "L"}
    findings = dict(zip(views, ("Mass", "Mass", "No Finding", "No Finding"), strict=True))
    rows = [(name, findings[name], name[:8], "45", "F", view) for name, view in views.items()]
    columns = ["Image Index", "Finding Labels", "Patient ID", "Patient Age", "Patient Sex", "View Position"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "Data_Entry_2017.csv", index=False)
    return views


def chexpert(folder):
    frontal = {"Frontal": "PA", "Lateral": ""}
    names = [f"train/patient0000{n}/study1/view{view}.jpg" for n in (1, 2) for view in (1, 2)]
    sides = ["Frontal", "Lateral"] * 2
    rows = [(f"CheXpert/{name}", "Male", 50, side, frontal[side], 1) for name, side in zip(names, sides, strict=True)]
    columns = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", "Edema"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "train.csv", index=False)
    return dict(zip(names, ("PA", "lateral") * 2, strict=True))


def own_table(folder):
    views = {"a.png": "PA", "b.png": "lateral", "c.png": "LLD", "d.png": "XTABLE LATERAL", "e.png": "PA LATERAL"}
    pd.DataFrame({"image": views.keys(), "label": "x", "view": views.values()}).to_csv(
        folder / "labels.csv", index=False
    )
    return views


@pytest.mark.parametrize(("layout", "kept"), [(nih, "02"), (chexpert, "02"), (own_table, "024")])
def test_views_of_label_files_are_obeyed(tmp_path, layout, kept):
    names = list(layout(tmp_path))
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PIXELS).save(tmp_path / name)
    everything = read_dataset(tmp_path)
    assert len(everything.table) == len(names)
    assert any(f"{len(names) - len(kept)} lateral view" in note for note in everything.notes)
    frontal = read_dataset(tmp_path, LabelOptions(frontal_only=True))
    assert list(by_name(frontal).index) == [names[int(place)] for place in kept]


def test_every_command_leaves_them_out(tiny_model, dicom_film, tmp_path, capsys):
    """Train, evaluate and convert by their table, predict as rows with the reason."""
    films, left_out = tmp_path / "films", {}
    for name, label, header, reason in FILMS * 4:
        label = {"sick": "PNEUMONIA", "well": "NORMAL"}[label]
        header = {keyword: value for keyword, value in header.items() if keyword != "PatientID"}
        (films / label).mkdir(parents=True, exist_ok=True)
        number = len(list((films / label).iterdir()))
        file = films / label / f"{number}{pathlib.Path(name).suffix}"
        file.write_bytes(dicom_film(PIXELS + np.uint8(number), **header))
        if reason:
            left_out[relative_name(file, films)] = reason
    frontal = {f"{label}/{path.name}" for label in ("NORMAL", "PNEUMONIA") for path in (films / label).iterdir()}
    frontal -= set(left_out)

    assert main(["convert", str(films), str(tmp_path / "copy"), "--size", "32", "--frontal-only"]) == 0
    copied = {name.removesuffix(".png") for name in pd.read_csv(tmp_path / "copy" / "labels.csv")["image"]}
    assert copied == {name.removesuffix(".dcm") for name in frontal}

    model = ["-m", str(tiny_model.folder)]
    assert main(["evaluate", str(films), *model, "-o", str(tmp_path / "r"), "--frontal-only", "--no-report"]) == 0
    assert set(pd.read_csv(tmp_path / "r" / "predictions.csv")["image"]) == frontal
    assert "Left out by --frontal-only" in capsys.readouterr().err

    assert main(["predict", str(films), *model, "-o", str(tmp_path / "p.csv"), "--frontal-only"]) == 0
    rows = pd.read_csv(tmp_path / "p.csv", keep_default_na=False).set_index("image")
    assert set(rows.index) == frontal | set(left_out)
    assert dict(rows.loc[rows["label"] == "", "error"]) == {
        name: f"left out by --frontal-only: {reason}" for name, reason in left_out.items()
    }

    train = ["train", str(films), "-a", "lenet5", "--size", "32", "--epochs", "1", "--split", "60/20/20"]
    assert main([*train, "--frontal-only", "--output", str(tmp_path), "--name", "m", "--no-runtimes"]) == 0
    assert set(pd.read_csv(tmp_path / "m" / "splits.csv")["image"]) == frontal

import pandas as pd
import pytest

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.patients import patients_from_names
from keras_cxr.data.source import patient_groups, read_dataset
from keras_cxr.errors import UsageError


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("person12_bacteria_47.jpeg", "person12"),
        ("person1_virus_6.jpeg", "person1"),
        ("IM-0115-0001.jpeg", "IM-0115"),
        ("IM-0115-0001-0002.jpeg", "IM-0115"),
        ("NORMAL2-IM-1427-0001.jpeg", "IM-1427"),
        ("00000013_005.png", "00000013"),
        ("00000013_005", "00000013"),
        ("phantom-a00007_02.png", "phantom-a00007"),
        ("phantom-b00007_02.png", "phantom-b00007"),
        # nothing known
        ("film.png", ""),
        ("personal_1.png", ""),
        ("0000013_005.png", ""),
        ("100000013_005.png", ""),
        ("00000013_0055.png", ""),
        ("COVID-12.png", ""),
        ("my_person12_1.png", ""),
    ],
)
def test_known_forms(name, patient):
    assert list(patients_from_names(pd.Series([name]))) == [patient]


@pytest.mark.parametrize(
    ("pattern", "names", "patients"),
    [
        (r"^(?P<patient>[^_]+)_", ["p1_a.png", "p1_b.png", "none.png"], ["p1", "p1", ""]),
        (r"-(?P<patient>\d+)\.", ["person12_x-7.png"], ["7"]),  # replaces the known forms
        (r"^x(?P<patient>\d+)?", ["x.png", "x3.png"], ["", "3"]),
    ],
)
def test_own_pattern(pattern, names, patients):
    assert list(patients_from_names(pd.Series(names), pattern)) == patients


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(?P<patient>", "is not a regular expression"),
        (r"^(\d+)", r"must hold a named group \(\?P<patient>.*Received: \^"),
    ],
)
def test_patterns_that_cannot_be_used(pattern, message):
    with pytest.raises(UsageError, match=message):
        patients_from_names(pd.Series(["a.png"]), pattern)


@pytest.fixture
def folder(tmp_path):
    for name in ("A/p1_1.png", "A/p1_2.png", "B/p2_1.png", "B/other.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_no_patient_known_is_said(folder):
    dataset = read_dataset(folder)
    assert (dataset.table["patient"] == "").all()
    assert any(note.startswith("No patient is known") for note in dataset.notes)
    assert list(patient_groups(dataset.table)) == list(dataset.table["path"])


def test_some_patients_unknown_is_said(folder):
    dataset = read_dataset(folder, LabelOptions(patient_pattern=r"^(?P<patient>p\d)_"))
    assert sorted(dataset.table["patient"]) == ["", "p1", "p1", "p2"]
    assert dataset.notes == ["1 films of unknown patient; each is taken for a patient of its own."]
    assert patient_groups(dataset.table).nunique() == 3


@pytest.mark.parametrize(
    ("pattern", "patients"), [(None, ["x", "y", "y", ""]), (r"^(?P<patient>p\d)_", ["p1", "p1", "p2", ""])]
)
def test_a_patient_column_counts_unless_a_pattern_is_given(folder, pattern, patients):
    (folder / "labels.csv").write_text("image,label,patient\np1_1.png,A,x\np1_2.png,A,y\np2_1.png,B,y\nother.png,B,\n")
    dataset = read_dataset(folder, LabelOptions(patient_pattern=pattern))
    assert list(dataset.table["patient"]) == patients

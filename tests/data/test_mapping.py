"""Map files: what they rename, what they leave out, and what is refused in one line."""

import pytest

from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.mapping import lacking_classes
from keras_cxr.data.source import read_dataset, read_datasets
from keras_cxr.errors import CxrError, UsageError


@pytest.fixture
def folders(tmp_path):
    """Two data sets that name their classes otherwise; files of no content do."""
    labels = {"clinic": ("Sick", "Well", "Unsure"), "ward": ("PNEUMONIA", "No", "0")}
    for name, kinds in labels.items():
        for number, label in enumerate(kinds):
            for film in range(number + 1):
                (tmp_path / name / label).mkdir(parents=True, exist_ok=True)
                (tmp_path / name / label / f"person{number}{film}_1.png").touch()
    return [tmp_path / name for name in labels]


@pytest.fixture
def options(tmp_path):
    """A function from a map file's text to LabelOptions."""

    def write(text, **others):
        (tmp_path / "map.yaml").write_text(text)
        return LabelOptions(map_file=tmp_path / "map.yaml", **others)

    return write


def counts(dataset):
    return dataset.table["label"].value_counts().to_dict()


BOTH = """
'*': {sick: PNEUMONIA, No: NORMAL, flu: PNEUMONIA}
clinic:
  WELL: NORMAL
  Unsure: null
ward:
  0: NORMAL
elsewhere: {A: B}
"""


def test_labels_are_renamed_or_left_out_by_data_set(folders, options):
    clinic, ward = read_datasets(folders, options(BOTH))
    assert counts(clinic) == {"NORMAL": 2, "PNEUMONIA": 1}
    assert counts(ward) == {"NORMAL": 5, "PNEUMONIA": 1}
    assert "Left out of clinic by " in " ".join(clinic.notes)
    assert any(note.endswith("map.yaml: Unsure (3).") for note in clinic.notes)
    for dataset in (clinic, ward):
        assert any(note.endswith("has an entry of another data set: elsewhere.") for note in dataset.notes)
        assert not any("does not name" in note for note in dataset.notes)


def test_what_the_file_does_not_name_is_told_and_map_goes_before_it(folders, options):
    told = options("clinic: {Sick: PNEUMONIA, Well: HEALTHY}", renamed=(("well", "NORMAL"),))
    clinic = read_dataset(folders[0], told)
    assert counts(clinic) == {"Unsure": 3, "NORMAL": 2, "PNEUMONIA": 1}
    assert any("Labels of clinic that " in note and note.endswith("stay: Unsure (3).") for note in clinic.notes)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (
            "clinik: {Sick: PNEUMONIA}",
            UsageError,
            "Unknown data set .*'clinik'. Did you mean 'clinic'. Given: clinic, w",
        ),
        ("clinik: {Sick: A}\nward: {}", UsageError, "Unknown data set in .*'clinik'. Did you mean 'clinic'"),
        (
            "clinic: {Sik: PNEUMONIA}",
            UsageError,
            "Unknown label of 'clinic' in .* 'Sik'. Did you mean 'Sick'. Known: S",
        ),
        ("'*': {Unsur: null}", UsageError, "Unknown label in .* 'Unsur'. Did you mean 'Unsure'"),
        ("Sick: PNEUMONIA", UsageError, "The entry 'Sick' .* below the name of a data set or '.'. Received: 'PNEUM"),
        ("clinic: {Sick: [A]}", UsageError, r"The label 'Sick' of 'clinic' .* null .* Received: \['A'\]"),
        ("clinic: {Sick: A, sick: B}", CxrError, "'sick' is there twice"),
        ("- clinic", UsageError, "must hold a mapping a data set.* Received: list"),
        ("", UsageError, "Received: nothing"),
        ("{clinic", CxrError, "cannot be read as YAML"),
        ("clinic: {Sick: null, Well: null, Unsure: null}", CxrError, "leaves no film of"),
    ],
)
def test_faults_are_one_line(folders, options, text, error, words):
    with pytest.raises(error, match=words) as fault:
        read_datasets(folders, options(text))
    assert "\n" not in str(fault.value)


def test_no_such_file(folders, tmp_path):
    with pytest.raises(CxrError, match=r"map file .* does not exist"):
        read_dataset(folders[0], LabelOptions(map_file=tmp_path / "none.yaml"))


def test_classes_that_one_side_lacks():
    notes = lacking_classes({"a": {"NORMAL", "COVID"}, "b": {"NORMAL"}, "c": {"COVID", "NORMAL", ""}})
    assert notes == ["b has no film of COVID, of which other data sets have."]

import hashlib

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")

from keras_cxr.data.dicom.header import dicom_facts  # noqa: E402
from keras_cxr.errors import CxrError, UsageError  # noqa: E402

# The package mutes pydicom's warnings; pytest lets them through again.
pytestmark = pytest.mark.filterwarnings("ignore")

SALT = b"grain"
PLANTED = "Wintermute"
TEXT = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"PatientAge": "045Y"}, {"age": 45}),
        ({"PatientAge": "018M"}, {"age": 1.5}),
        ({"PatientAge": "045D"}, {"age": 45 / 365.25}),
        ({"PatientAge": "010W"}, {"age": 70 / 365.25}),
        ({"PatientAge": "45"}, {"age": 45}),
        ({"PatientAge": "45y"}, {"age": 45}),
        ({"PatientAge": "000Y"}, {"age": 0}),
        ({"PatientAge": "412Y"}, {"age": None}),  # NIH ChestX-ray14 has such
        ({"PatientAge": "old"}, {"age": None}),
        ({"PatientAge": ""}, {"age": None}),
        ({"PatientSex": "F"}, {"sex": "F"}),
        ({"PatientSex": "female"}, {"sex": ""}),
        ({"ViewPosition": "PA"}, {"view": "PA", "frontal": True}),
        ({"ViewPosition": "ap"}, {"view": "AP", "frontal": True}),
        ({"ViewPosition": "AP AXIAL"}, {"view": "AP AXIAL", "frontal": True}),
        ({"ViewPosition": "PA LLD"}, {"view": "PA LLD", "frontal": True}),
        ({"ViewPosition": "LL"}, {"view": "LL", "frontal": False}),
        ({"ViewPosition": "RL"}, {"view": "RL", "frontal": False}),
        ({"ViewPosition": "LATERAL"}, {"view": "LATERAL", "frontal": False}),
        ({"ViewPosition": "XTABLE LATERAL"}, {"view": "XTABLE LATERAL", "frontal": False}),
        ({"ViewPosition": "RAO"}, {"view": "RAO", "frontal": False}),
        ({"ViewPosition": "LLD"}, {"view": "LLD", "frontal": None}),
        ({"ViewPosition": "AP LATERAL"}, {"view": "AP LATERAL", "frontal": None}),
        ({"ViewPosition": ""}, {"view": "", "frontal": None}),
        ({}, {"view": "", "frontal": None, "age": None, "sex": "", "patient": "", "study": "", "spacing": None}),
        ({"Modality": "DX"}, {"modality": "DX"}),
        ({"Modality": "ROBOT"}, {"modality": ""}),
        ({"BodyPartExamined": "CHEST"}, {"body_part": "CHEST", "chest": True}),
        ({"BodyPartExamined": "Port Chest"}, {"body_part": "CHEST", "chest": True}),
        ({"BodyPartExamined": "CHEST_ABDOMEN"}, {"body_part": "CHEST ABDOMEN", "chest": True}),
        ({"BodyPartExamined": "KNEE"}, {"body_part": "KNEE", "chest": False}),
        ({"BodyPartExamined": "STUFF"}, {"body_part": "", "chest": None}),
        ({}, {"body_part": "", "chest": None}),
        ({"PixelSpacing": [0.14, 0.15], "ImagerPixelSpacing": [0.2, 0.2]}, {"spacing": (0.14, 0.15)}),
        ({"ImagerPixelSpacing": [0.2, 0.25]}, {"spacing": (0.2, 0.25)}),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.2, 0.2]}, {"spacing": (0.2, 0.2)}),
        ({"PixelSpacing": "0.2"}, {"spacing": None}),
    ],
)
def test_facts(dicom_film, elements, expected):
    facts = dicom_facts(dicom_film(**elements), SALT)
    for name, value in expected.items():
        assert facts[name] == (pytest.approx(value) if isinstance(value, float) else value)


def test_patients_and_studies_are_salted_digests(dicom_film):
    content = dicom_film(PatientID="17 ", StudyInstanceUID="1.2.3")
    facts = dicom_facts(content, SALT)
    assert facts["patient"] == hashlib.blake2b(b"grain17", digest_size=8).hexdigest()
    assert facts["study"] == hashlib.blake2b(b"grain1.2.3", digest_size=8).hexdigest()
    other = dicom_facts(content, b"another")
    assert other["patient"] != facts["patient"]
    assert other["study"] != facts["study"]
    kept = dicom_facts(content, SALT, keep_patient_ids=True)
    assert kept == {**facts, "patient": "17"}


def test_no_salt(dicom_film):
    with pytest.raises(UsageError, match=r"'salt' .* must not be empty"):
        dicom_facts(dicom_film(), b"")


def test_no_text_comes_through(dicom_film):
    """Every text element of the DICOM dictionary holds a name; no value and no word of it comes back."""
    text = {
        entry[4]: PLANTED
        for tag, entry in pydicom.datadict.DicomDictionary.items()
        if entry[0] in TEXT and entry[4] and tag >> 16 not in (0x0000, 0x0002) and entry[4] != "SpecificCharacterSet"
    }
    assert {"PatientName", "InstitutionName", "StudyDescription", "PatientComments", "ViewPosition"} <= set(text)
    content = dicom_film(np.zeros((20, 20), np.uint8), **{**text, "PhotometricInterpretation": "MONOCHROME2"})
    assert content.count(PLANTED.encode()) > 500
    facts = dicom_facts(content, SALT)
    assert facts["patient"] == hashlib.blake2b(SALT + PLANTED.encode(), digest_size=8).hexdigest()
    assert not [value for value in facts.values() if PLANTED.lower() in str(value).lower()]


@pytest.mark.parametrize("view", ["PA {}", "{} PA", "PA^{}", "{}", "PA\\{}"])
@pytest.mark.parametrize("keyword", ["ViewPosition", "BodyPartExamined", "PatientSex", "Modality", "PatientAge"])
def test_a_name_typed_into_a_coded_field_is_dropped(dicom_film, keyword, view):
    with pydicom.config.disable_value_validation():
        content = dicom_film(**{keyword: view.format(PLANTED)})
    assert PLANTED.encode() in content
    facts = dicom_facts(content, SALT)
    assert not [value for value in facts.values() if PLANTED.lower() in str(value).lower()]


def test_a_path_gives_what_its_bytes_give(dicom_film, tmp_path):
    content = dicom_film(np.zeros((20, 20), np.uint8), PatientID="17", ViewPosition="PA", PatientAge="045Y")
    path = tmp_path / "film"
    path.write_bytes(content)
    assert dicom_facts(path, SALT) == dicom_facts(str(path), SALT) == dicom_facts(content, SALT)


def test_rsna_headers(shared_data):
    paths = sorted((shared_data / "dicom").glob("*.dcm"))
    facts = [dicom_facts(path, SALT) for path in paths]
    assert len({fact["patient"] for fact in facts}) == len(paths) == 6
    assert [fact["view"] for fact in facts] == ["PA", "AP", "PA", "PA", "AP", ""]
    assert [fact["age"] for fact in facts] == [48, 34, 45, 38, 30, 81]
    assert [fact["chest"] for fact in facts] == [True] * 5 + [None]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not a DICOM file"),
        (b"\xff\xd8\xff\xe0 a JPEG", "is not a DICOM file"),
        (b"\0" * 128 + b"DICM\x02\0\x10\0UI\xff\xff", None),
    ],
)
def test_what_is_no_header(content, message):
    if message is None:
        assert dicom_facts(content, SALT)["patient"] == ""
        return
    with pytest.raises(CxrError, match=message):
        dicom_facts(content, SALT)


def test_no_such_file(tmp_path):
    with pytest.raises(CxrError, match="cannot be read: No such file"):
        dicom_facts(tmp_path / "nowhere.dcm", SALT)


@pytest.mark.parametrize("seed", range(3))
def test_no_bytes_bring_an_exception_or_a_name(dicom_film, seed):
    rng = np.random.default_rng(seed)
    whole = dicom_film(PatientName=PLANTED, PatientID="17", ViewPosition="PA", PatientAge="045Y", PatientSex="F")
    for _ in range(150):
        content = bytearray(whole)
        for place in rng.integers(132, len(content), 4):
            content[place] = rng.integers(256)
        try:
            told = str(dicom_facts(bytes(content), SALT))
        except CxrError as fault:
            told = str(fault)
        assert PLANTED not in told

import pathlib

import numpy as np
import pytest

from keras_cxr.data.folders import is_film_name, walk_films
from keras_cxr.data.sniff import HEAD, is_dicom

pydicom = pytest.importorskip("pydicom")

TEST_FILES = pathlib.Path(pydicom.__file__).parent / "data/test_files"


@pytest.mark.parametrize(
    ("name", "film"),
    [
        ("a.dcm", True),
        ("a.DCM", True),
        ("a.dicom", True),
        ("IM000001", True),
        ("1.2.840.113619.2.5", True),
        ("README", True),  # by its name it could be; walk_films looks inside
        ("README.md", False),
        (".hidden.dcm", False),
        (".hidden", False),
        ("DICOMDIR", False),
        ("dicomdir", False),
        ("a.dcm.txt", False),
    ],
)
def test_names(name, film):
    assert is_film_name(name) is film


@pytest.mark.parametrize("path", sorted(TEST_FILES.glob("*.dcm")), ids=lambda path: path.name)
def test_pydicoms_own_files_are_dicom(path):
    # This one begins with tag 0820,0500 in big endian: no group that a film begins with.
    assert is_dicom(path.read_bytes()[:HEAD]) is (path.name != "no_meta.dcm")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x08\0",
        b"# keras-cxr\n" * 20,
        b"all:\n\tmake test\n" * 20,
        b"\xff\xd8\xff\xe0" + bytes(200),
        b"\x89PNG\r\n\x1a\n" + bytes(200),
        b"BM" + bytes(200),
        b"\x7fELF\x02\x01\x01" + bytes(200),
        b"PK\x03\x04" + bytes(200),
        b"\0\0\1\0\1\0\x10\x10" + bytes(200),
        bytes(200),
        b"DICM" * 3,
    ],
)
def test_what_is_not_dicom(content):
    assert not is_dicom(content[:HEAD])


def test_a_folder_of_dicom_films_with_and_without_suffix(dicom_film, tmp_path):
    film = dicom_film(np.zeros((20, 20), np.uint8))
    bare = film[film.index(b"\x08\0\x16\0", 132) :]
    for name in ("a.dcm", "b.DICOM", "series/IM10", "series/IM2", "series/1.2.840.7", "DICOMDIR", "masks/IM1"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(film)
    (tmp_path / "without-preamble").write_bytes(bare)
    for name in ("README", "LICENSE", "Makefile", "notes.2024", "empty", ".hidden"):
        (tmp_path / name).write_bytes(b"" if name == "empty" else b"not a film, but long enough to be one\n" * 9)
    found = [pathlib.Path(path).relative_to(tmp_path).as_posix() for path in walk_films(tmp_path)]
    assert found == ["a.dcm", "b.DICOM", "series/1.2.840.7", "series/IM2", "series/IM10", "without-preamble"]

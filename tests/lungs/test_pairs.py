import pathlib

import cv2
import numpy as np
import pytest

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.lungs.pairs import find_pairs, read_mask


def write(path, pixels=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((20, 20), np.uint8) if pixels is None else pixels)


@pytest.mark.parametrize(
    ("film", "mask", "paired"),
    [
        ("a.png", "a.png", True),
        ("a.jpeg", "a.png", True),
        ("SICK/a.png", "a.bmp", True),
        ("a.png", "deep/er/a.png", True),
        ("a.png", "a_mask.png", True),
        ("a.png", "a-Mask.png", True),
        ("a.png", "masks/a.png", True),
        ("a.png", "b.png", False),
        ("a.png", "A.png", False),
        ("a.png", ".a.png", False),
    ],
)
def test_by_base_name(tmp_path, film, mask, paired):
    for name in (f"films/{film}", "films/other.png", f"masks/{mask}", "masks/other.png"):
        write(tmp_path / name)
    pairs = find_pairs(tmp_path / "films", tmp_path / "masks")
    found = dict(zip(pairs.table["path"], pairs.table["mask"], strict=True))
    assert found.get(str(tmp_path / "films" / film)) == (str(tmp_path / "masks" / mask) if paired else None)
    assert any(film in note for note in pairs.notes) == (not paired)


def test_of_several_masks_the_one_in_the_same_folder(tmp_path):
    for name in ("films/one/a.png", "films/two/a.png", "films/a.png", "masks/one/a.png", "masks/two/a.png"):
        write(tmp_path / name)
    pairs = find_pairs(tmp_path / "films", tmp_path / "masks")
    places = [[pathlib.Path(path).parent.name for path in pairs.table[column]] for column in ("path", "mask")]
    assert places == [["one", "two"]] * 2
    assert "1 of 3 films have no mask, or several" in pairs.notes[0]


def test_patients_and_classes_of_the_phantom(phantom):
    pairs = find_pairs(phantom / "known_images", phantom / "masks")
    assert set(pairs.table["label"]) == {"NORMAL", "PNEUMONIA"}
    assert pairs.table["patient"].nunique() == 24
    assert pairs.notes == []


def test_faults(tmp_path):
    write(tmp_path / "films" / "a.png")
    write(tmp_path / "masks" / "b.png")
    (tmp_path / "empty").mkdir()
    for images, masks, kind, said in (
        ("films", "masks", CxrError, "No film in .*films' has a mask in .*masks': .*a.png"),
        ("films", "films", UsageError, "two folders"),
        ("films", "nowhere", CxrError, "mask folder .*nowhere' does not exist"),
        ("nowhere", "masks", CxrError, "image folder .*nowhere' does not exist"),
        ("empty", "masks", CxrError, "No film in .*empty'"),
    ):
        with pytest.raises(kind, match=said):
            find_pairs(tmp_path / images, tmp_path / masks)


@pytest.mark.parametrize(
    ("inside", "outside"), [(255, 0), (1, 0), (2, 0), (200, 90)], ids=["0 and 255", "0 and 1", "parts", "gray"]
)
def test_what_is_inside(tmp_path, inside, outside):
    pixels = np.full((30, 40), outside, np.uint8)
    pixels[5:20, 10:30] = inside
    write(tmp_path / "m.png", pixels)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", 40, 30), np.where(pixels == inside, 255, 0))


def test_parts_one_and_two_are_both_lungs(tmp_path):
    pixels = np.zeros((20, 20), np.uint8)
    pixels[5:10, 2:8], pixels[5:10, 12:18] = 1, 2
    write(tmp_path / "m.png", pixels)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", 20, 20) > 0, pixels > 0)


@pytest.mark.parametrize("factor", [2, 3])
def test_a_mask_of_another_size_comes_to_its_films_size(tmp_path, factor):
    small = (np.random.default_rng(0).random((20, 30)) < 0.5).astype(np.uint8) * 255
    write(tmp_path / "m.png", small)
    large = read_mask(tmp_path / "m.png", 30 * factor, 20 * factor)
    np.testing.assert_array_equal(large, small.repeat(factor, 0).repeat(factor, 1))
    write(tmp_path / "m.png", large)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png", 30, 20), small)


def test_an_empty_mask_is_a_fault(tmp_path):
    write(tmp_path / "m.png")
    with pytest.raises(CxrError, match="the mask is empty"):
        read_mask(tmp_path / "m.png", 20, 20)

"""Lungs alone: the box, the soft edge, the masks' sources, and the way back to the film."""

import cv2
import numpy as np
import pytest

from keras_cxr.data.films import read_film
from keras_cxr.data.geometry import to_film
from keras_cxr.data.lungs import lung_region, lungs_alone, masks_by_file, masks_in_folder
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError

WIDTH, HEIGHT = 200, 160


def two_lungs(width=WIDTH, height=HEIGHT):
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : 3 * height // 4, width // 5 : 2 * width // 5] = 255
    mask[height // 4 : 3 * height // 4, 3 * width // 5 : 4 * width // 5] = 255
    return mask


FILM = np.random.default_rng(0).integers(1, 255, (HEIGHT, WIDTH), dtype=np.uint8)


def test_region_is_the_lungs_box_with_a_margin():
    left, top, right, bottom = lung_region(two_lungs())
    margin = 0.05 * 119
    np.testing.assert_allclose([left * 200, right * 200], [40 - margin, 160 + margin], atol=1e-6)
    np.testing.assert_allclose([top * 160, bottom * 160], [40 - margin, 120 + margin], atol=1e-6)
    whole = np.full((50, 60), 255, np.uint8)
    assert lung_region(whole) == (0, 0, 1, 1)


def test_no_lungs_is_a_reason():
    with pytest.raises(CxrError, match="no lungs"):
        lung_region(np.zeros((50, 60), np.uint8))


def test_crop_keeps_pixels_and_mask_darkens_the_rest():
    cropped, region = lungs_alone(FILM, two_lungs(), "crop")
    masked, same = lungs_alone(FILM, two_lungs(), "mask")
    assert region == same
    left, top = round(region[0] * WIDTH), round(region[1] * HEIGHT)
    np.testing.assert_array_equal(cropped, FILM[top : top + cropped.shape[0], left : left + cropped.shape[1]])
    inside = slice(60 - top, 100 - top)
    np.testing.assert_allclose(masked[inside, 50 - left : 70 - left], cropped[inside, 50 - left : 70 - left], atol=1)
    assert not masked[inside, 90 - left : 110 - left].any()


@pytest.fixture
def film_and_mask(tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "masks").mkdir()
    cv2.imwrite(str(tmp_path / "films" / "a.png"), FILM)
    cv2.imwrite(str(tmp_path / "masks" / "a.png"), two_lungs(100, 80))
    return tmp_path


def test_read_film_shows_the_lungs_alone_and_knows_its_way_back(film_and_mask):
    path = film_and_mask / "films" / "a.png"
    preprocessing = Preprocessing(64, lungs="crop")
    film = read_film(path, preprocessing, masks_in_folder(film_and_mask / "masks"))
    assert film.error == ""
    assert (film.width, film.height) == (WIDTH, HEIGHT)
    back = to_film(np.ones((64, 64), np.float32), film.width, film.height, preprocessing, film.region)
    rows, columns = np.flatnonzero(back.any(axis=1)), np.flatnonzero(back.any(axis=0))
    left, top, right, bottom = film.region
    assert (columns[0], columns[-1] + 1) == (round(left * WIDTH), round(right * WIDTH))
    assert (rows[0], rows[-1] + 1) == (round(top * HEIGHT), round(bottom * HEIGHT))


@pytest.mark.parametrize("name", ["b", "twice"])
def test_a_film_without_its_mask_is_a_reason(film_and_mask, name):
    (film_and_mask / "masks" / "more").mkdir()
    for place in ("twice.png", "more/twice.jpg"):
        cv2.imwrite(str(film_and_mask / "masks" / place), two_lungs())
    cv2.imwrite(str(film_and_mask / "films" / f"{name}.png"), FILM)
    masks = masks_in_folder(film_and_mask / "masks")
    film = read_film(film_and_mask / "films" / f"{name}.png", Preprocessing(64, lungs="mask"), masks)
    assert "lung mask" in film.error


def test_masks_named_by_the_data_set(film_and_mask):
    path = str(film_and_mask / "films" / "a.png")
    masks = masks_by_file({path: str(film_and_mask / "masks" / "a.png")})
    np.testing.assert_array_equal(masks(path, FILM) > 127, two_lungs() > 127)
    with pytest.raises(CxrError, match="no lung mask"):
        masks("other.png", FILM)
    (film_and_mask / "masks" / "a.png").write_text("broken")
    with pytest.raises(CxrError, match="its lung mask"):
        masks(path, FILM)

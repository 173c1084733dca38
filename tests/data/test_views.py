import cv2
import numpy as np
import pytest

from keras_cxr.data.lungs import masks_by_file
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.views import NEED_LUNGS, VIEWS, lungs_on_canvas, view
from keras_cxr.errors import CxrError

# A film of 100 × 60 pixels in the middle of a canvas of 100 × 100: 20 rows of padding above and below.
PLACE = (slice(20, 80), slice(0, 100))


@pytest.fixture
def film():
    pixels = np.zeros((100, 100), np.uint8)
    pixels[PLACE] = np.random.default_rng(0).integers(1, 200, (60, 100))
    return pixels


@pytest.fixture
def lungs():
    mask = np.zeros((100, 100), bool)
    mask[40:60, 20:40] = mask[40:60, 60:80] = True
    return mask


def test_what_each_view_shows(film, lungs):
    filled = np.zeros((100, 100), bool)
    filled[PLACE] = True
    inner = np.zeros((100, 100), bool)
    inner[29:71, 15:85] = True
    box = np.zeros((100, 100), bool)
    # The lungs and 5 % of the 59 columns that they span.
    box[37:63, 17:83] = True
    shown = {"whole film": ~np.zeros_like(box), "border alone": ~inner, "border removed": inner}
    shown |= {"lungs covered": ~box, "lungs alone": lungs}
    assert set(shown) == set(VIEWS)
    for name, part in shown.items():
        seen = view(name, film, PLACE, lungs)
        assert seen.dtype == np.uint8
        assert (seen[part] == film[part]).all(), name
        # The padding, black, does not darken the mean.
        assert (seen[~part] == round(float(film[part & filled].mean()))).all(), name
    assert set(NEED_LUNGS) <= set(VIEWS)


def test_a_film_without_lungs(film):
    with pytest.raises(CxrError, match="no lungs"):
        view("lungs covered", film, PLACE, np.zeros((100, 100), bool))


@pytest.mark.parametrize("fit", ["pad", "squeeze"])
def test_the_mask_lies_where_the_film_lies(tmp_path, fit):
    gray, mask = np.full((60, 100), 90, np.uint8), np.zeros((120, 200), np.uint8)
    mask[40:80, 50:100] = 255
    cv2.imwrite(str(tmp_path / "film.png"), gray)
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    path = str(tmp_path / "film.png")
    found = lungs_on_canvas(path, Preprocessing(50, fit), masks_by_file({path: str(tmp_path / "mask.png")}))
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    expected = (20, 29) if fit == "pad" else (17, 32)
    assert (rows[0], rows[-1]) == pytest.approx(expected, abs=1)
    assert (columns[0], columns[-1]) == pytest.approx((12.5, 24), abs=1)
    with pytest.raises(CxrError, match="no lung mask"):
        lungs_on_canvas(path, Preprocessing(50, fit), masks_by_file({}))

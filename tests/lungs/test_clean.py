import numpy as np
import pytest
from scipy import ndimage

from keras_cxr.data.geometry import placement
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.lungs.clean import lung_mask

CANVAS = Preprocessing(128)


def ellipses(*parts, size=128):
    y, x = np.mgrid[:size, :size]
    inside = [((y - cy) / ry) ** 2 + ((x - cx) / rx) ** 2 <= 1 for cy, cx, ry, rx in parts]
    return np.any(inside, axis=0).astype(np.float32)


LEFT, RIGHT = (64, 36, 40, 18), (64, 92, 40, 18)
LUNGS = ellipses(LEFT, RIGHT)


def overlap(one, other):
    return 2 * np.sum((one > 0) & (other > 0)) / (np.sum(one > 0) + np.sum(other > 0))


@pytest.mark.parametrize(("width", "height"), [(128, 128), (512, 512), (300, 200), (150, 400), (64, 64)])
def test_certain_lungs_come_back_at_the_films_size(width, height):
    place = placement(width, height, CANVAS)
    inner = ellipses((30, 20, 22, 12), (30, 44, 22, 12), size=64)
    rows = np.arange(place.height) * 64 // place.height
    columns = np.arange(place.width) * 64 // place.width
    canvas = np.zeros((128, 128), np.float32)
    canvas[place.top : place.top + place.height, place.left : place.left + place.width] = inner[np.ix_(rows, columns)]
    mask, confidence = lung_mask(canvas, width, height, CANVAS, 0.5)
    assert mask.shape == (height, width)
    assert set(np.unique(mask)) == {0, 255}
    y, x = np.mgrid[:height, :width]
    wanted = inner[(y + 0.5).astype(int) * 64 // height, (x + 0.5).astype(int) * 64 // width]
    assert overlap(mask, wanted) > 0.96
    assert confidence > 0.9


@pytest.mark.parametrize(
    ("probability", "wanted"),
    [
        (np.maximum(LUNGS, ellipses((120, 64, 5, 5))), LUNGS),
        (np.maximum(LUNGS, ellipses((8, 64, 6, 25))), LUNGS),
        (np.where(ellipses((64, 36, 6, 6)) > 0, 0, LUNGS).astype(np.float32), LUNGS),
        (ellipses(LEFT, (110, 100, 4, 4)), ellipses(LEFT)),
        (ellipses(LEFT), ellipses(LEFT)),
    ],
    ids=["a third part", "a large third part", "a hole", "gas is no second lung", "one lung"],
)
def test_parts_and_holes(probability, wanted):
    mask, _ = lung_mask(probability, 256, 256, CANVAS, 0.5)
    assert overlap(mask, wanted.repeat(2, 0).repeat(2, 1)) > 0.97
    assert ndimage.label(mask)[1] <= 2
    np.testing.assert_array_equal(mask > 0, ndimage.binary_fill_holes(mask))


@pytest.mark.parametrize("seed", range(5))
def test_noise_never_leaves_more_than_two_parts_or_a_hole(seed):
    noisy = np.clip(LUNGS + np.random.default_rng(seed).normal(0, 0.8, LUNGS.shape), 0, 1).astype(np.float32)
    mask, confidence = lung_mask(noisy, 200, 260, CANVAS, 0.5)
    assert ndimage.label(mask)[1] <= 2
    np.testing.assert_array_equal(mask > 0, ndimage.binary_fill_holes(mask))
    assert 0 < confidence < 0.95


@pytest.mark.parametrize(
    "probability",
    [np.zeros((128, 128)), np.ones((128, 128)), ellipses((64, 64, 3, 3)), np.full((128, 128), 0.4)],
    ids=["nothing", "everything", "a speck", "unsure"],
)
def test_nothing_plausible(probability):
    mask, confidence = lung_mask(probability.astype(np.float32), 100, 80, CANVAS, 0.5)
    assert mask.shape == (80, 100)
    assert mask.max() == 0
    assert confidence == 0


def test_confidence_falls_with_doubt():
    sure, doubtful, lost = (
        lung_mask(probability.astype(np.float32), 128, 128, CANVAS, 0.5)[1]
        for probability in (LUNGS, 0.2 + 0.5 * LUNGS, np.maximum(LUNGS, ellipses((8, 64, 6, 40))))
    )
    assert 1 >= sure > lost > doubtful > 0

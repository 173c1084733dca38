"""Maps whose scores follow from their form, and random ones held to scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from keras_cxr.evaluation.baseline_maps import average_region, centred_gaussian, small_region
from keras_cxr.evaluation.localisation import (
    LEVELS,
    THRESHOLDS,
    average_precision,
    iou_curve,
    level_counts,
    pointing_hit,
    pooled_average_precision,
    share_inside,
)

HEIGHT, WIDTH = 60, 80


def region(top=10, left=20, height=30, width=20):
    box = np.zeros((HEIGHT, WIDTH), bool)
    box[top : top + height, left : left + width] = True
    return box


BOX = region()
AREA = BOX.mean()
# The box moved by half its width covers half of it: 1/2 over 3/2.
HALF = region(left=30)
MAPS = {
    # name: map, hit, IoU at every threshold, AUPRC, share inside
    "the box": (BOX, 1, 1, 1, 1),
    "half of it": (HALF, 0.5, 1 / 3, 0.5 * 0.5 + 0.5 * AREA, 0.5),
    "uniform": (np.ones_like(BOX), AREA, AREA, AREA, AREA),
    "beside it": (region(left=45), 0, 0, AREA, 0),
    "nothing": (np.zeros_like(BOX), 0, 0, AREA, 0),
}


@pytest.mark.parametrize("name", MAPS)
def test_scores_that_follow_from_the_form(name):
    heatmap, hit, overlap, area, share = MAPS[name]
    heatmap = heatmap.astype("float32")
    assert pointing_hit(heatmap, BOX) == pytest.approx(hit)
    assert iou_curve(heatmap, BOX) == pytest.approx(np.full(len(THRESHOLDS), overlap))
    assert share_inside(heatmap, BOX) == pytest.approx(share)
    if name not in ("half of it", "beside it"):
        assert average_precision(heatmap, BOX) == pytest.approx(area)
    assert average_precision(heatmap, BOX) == pytest.approx(average_precision_score(BOX.ravel(), heatmap.ravel()))


def test_one_point_and_its_tolerance():
    heatmap = np.zeros((HEIGHT, WIDTH), "float32")
    heatmap[20, 44] = 1  # five pixels right of the last column inside
    assert [pointing_hit(heatmap, BOX, tolerance) for tolerance in (0, 4, 5, 15)] == [0, 0, 1, 1]


def test_threshold_counts_pixels_at_it():
    heatmap = np.where(BOX, np.float32(0.5), np.float32(0.2))
    curve = dict(zip(THRESHOLDS, iou_curve(heatmap, BOX), strict=True))
    assert curve[0.2] == pytest.approx(AREA)
    assert curve[0.25] == curve[0.5] == 1
    assert curve[0.55] == 0


@pytest.mark.parametrize("seed", range(3))
def test_areas_against_scikit_learn(seed):
    random = np.random.default_rng(seed)
    maps = [random.integers(0, LEVELS, (HEIGHT, WIDTH)).astype("float32") / LEVELS for _ in range(4)]
    boxes = [region(*random.integers(0, 20, 2)) for _ in maps]
    for heatmap, box in zip(maps, boxes, strict=True):
        expected = average_precision_score(box.ravel(), heatmap.ravel())
        assert average_precision(heatmap, box) == pytest.approx(expected, abs=1e-12)
    counts = np.array([level_counts(heatmap, box) for heatmap, box in zip(maps, boxes, strict=True)])
    expected = average_precision_score(np.ravel(boxes), np.ravel(maps))
    assert pooled_average_precision(counts.sum(axis=0)) == pytest.approx(expected, abs=1e-12)
    # Drawing a film twice is having it twice.
    weights = np.array([[1, 1, 1, 1], [2, 0, 1, 1]])
    drawn = pooled_average_precision(np.tensordot(weights, counts, 1))
    twice = average_precision_score(
        np.ravel([boxes[at] for at in (0, 0, 2, 3)]), np.ravel([maps[at] for at in (0, 0, 2, 3)])
    )
    assert drawn == pytest.approx([expected, twice], abs=1e-12)


def test_area_without_a_marked_place_is_undefined():
    assert np.isnan(average_precision(np.ones((4, 4)), np.zeros((4, 4), bool)))


def test_maps_that_know_nothing():
    bell = centred_gaussian(HEIGHT, WIDTH)
    assert bell.shape == (HEIGHT, WIDTH)
    assert np.array_equal(bell, bell[::-1, ::-1])
    # One standard deviation, a quarter of the side, from the middle.
    assert bell[HEIGHT // 2, WIDTH // 4] / bell[HEIGHT // 2, WIDTH // 2] == pytest.approx(np.exp(-0.5), abs=0.02)
    mean = average_region(np.array([small_region(BOX), small_region(HALF)]), HEIGHT, WIDTH)
    assert mean[25, 35] == pytest.approx(1)
    assert mean[25, 25] == pytest.approx(0.5, abs=0.01)
    assert mean[5, 5] == 0

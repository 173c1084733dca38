import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import directed_hausdorff
from sklearn.metrics import f1_score, jaccard_score

from keras_cxr.evaluation.segmentation import (
    METRICS,
    compare_masks,
    diagonal,
    dice,
    hausdorff,
    hausdorff95,
    iou,
    segmentation_scores,
)
from keras_cxr.evaluation.table import SCORES_COLUMNS

EMPTY = np.zeros((40, 60), np.uint8)


def square(left, top, side=10, shape=(40, 60)):
    mask = np.zeros(shape, np.uint8)
    mask[top : top + side, left : left + side] = 255
    return mask


def disk(radius, centre=(100.0, 100.0), shape=(201, 201)):
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(y - centre[0], x - centre[1]) <= radius


def blob(seed, shape=(40, 60)):
    rng = np.random.default_rng(seed)
    return np.kron(rng.random((shape[0] // 4, shape[1] // 4)) < 0.4, np.ones((4, 4))) > 0


def outline_points(mask):
    """Inside pixels with a side neighbour outside, one pixel after another."""
    padded = np.pad(np.asarray(mask) > 0, 1)
    return np.array(
        [
            (y, x)
            for y, x in np.argwhere(np.asarray(mask))
            if not all(padded[y + 1 + dy, x + 1 + dx] for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)))
        ],
        float,
    )


@pytest.mark.parametrize("seed", range(4))
def test_overlap_against_scikit_learn(seed):
    truth, found = blob(seed), blob(seed + 100)
    assert dice(truth, found) == pytest.approx(f1_score(truth.ravel(), found.ravel()))
    assert iou(truth, found) == pytest.approx(jaccard_score(truth.ravel(), found.ravel()))


@pytest.mark.parametrize("percentile", [100, 95, 50])
@pytest.mark.parametrize("seed", range(4))
def test_hausdorff_against_every_pair_of_points(seed, percentile):
    truth, found = blob(seed), blob(seed + 100)
    one, other = outline_points(truth), outline_points(found)
    distances = np.linalg.norm(one[:, None] - other[None], axis=-1)
    wanted = max(np.percentile(distances.min(axis=axis), percentile) for axis in (0, 1))
    assert hausdorff(truth, found, percentile) == pytest.approx(wanted)
    assert hausdorff(found, truth, percentile) == pytest.approx(wanted)
    if percentile == 100:
        assert wanted == pytest.approx(max(directed_hausdorff(one, other)[0], directed_hausdorff(other, one)[0]))


@pytest.mark.parametrize("shift", [0, 1, 3, 10, 25])
def test_shifted_squares(shift):
    truth, found, common = square(5, 5), square(5 + shift, 5), max(10 - shift, 0) * 10
    assert dice(truth, found) == pytest.approx(common / 100)
    assert iou(truth, found) == pytest.approx(common / (200 - common))
    assert hausdorff(truth, found) == shift


@pytest.mark.parametrize(("small", "large"), [(30, 30), (30, 40), (20, 80)])
def test_disks_within_each_other(small, large):
    one, other = disk(small), disk(large)
    assert dice(one, other) == pytest.approx(2 * small**2 / (small**2 + large**2), abs=0.005)
    assert hausdorff95(one, other) == pytest.approx(large - small, abs=1)


def test_a_stray_pixel_decides_the_maximum_and_not_the_95th_percentile():
    truth = disk(40)
    found = truth.copy()
    found[0, 0] = True
    assert hausdorff(truth, found) == pytest.approx(np.hypot(100, 100) - 40, abs=1)
    assert hausdorff95(truth, found) == 0


def test_the_edge_of_the_picture_is_outline():
    whole, half = np.ones((20, 30), bool), np.zeros((20, 30), bool)
    half[:, :15] = True
    assert hausdorff(whole, half) == 15


@pytest.mark.parametrize(
    ("truth", "found", "overlap", "distance"),
    [
        (EMPTY, EMPTY, 1.0, 0.0),
        (square(5, 5), EMPTY, 0.0, np.hypot(39, 59)),
        (EMPTY, square(5, 5), 0.0, np.hypot(39, 59)),
    ],
)
def test_empty_masks(truth, found, overlap, distance):
    found = compare_masks(truth, found)
    share = distance / diagonal(40, 60)
    assert found == {"dice": overlap, "iou": overlap, "hausdorff95": distance, "hausdorff95_share": share}


def films(patients, seed=0):
    values = np.random.default_rng(seed).random((len(patients), len(METRICS)))
    return pd.DataFrame(values, columns=list(METRICS.values())).assign(patient=patients)


def test_scores_are_means_with_a_bootstrap_by_patient():
    table = films([f"p{number // 3}" for number in range(60)])
    scores = segmentation_scores(table, "set", "model", draws=4000)
    assert list(scores.columns) == SCORES_COLUMNS
    assert list(scores["metric"]) == list(METRICS)
    assert (scores["n"] == 60).all()
    np.testing.assert_allclose(scores["value"], table[list(METRICS.values())].mean())
    # Drawn anew, a patient at a time, with another generator.
    by_patient = table.groupby("patient")["dice"].mean().to_numpy()
    rng = np.random.default_rng(1)
    drawn = rng.choice(by_patient, (4000, len(by_patient))).mean(axis=1)
    np.testing.assert_allclose(
        scores.loc[0, ["low", "high"]].astype(float), np.percentile(drawn, [2.5, 97.5]), atol=0.01
    )


def test_one_patient_gives_no_interval():
    scores = segmentation_scores(films(["p"] * 5))
    assert scores["value"].notna().all()
    assert scores[["low", "high"]].isna().all(axis=None)

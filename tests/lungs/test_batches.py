import numpy as np
import pytest

from keras_cxr.data.augment import affine, warp
from keras_cxr.lungs import batches
from keras_cxr.lungs.batches import GEOMETRY, stretch, training_batches


def films(count=6, size=32):
    rng = np.random.default_rng(0)
    masks = np.kron(rng.random((count, size // 8, size // 8)) < 0.5, np.ones((8, 8)))
    return (masks * 120 + 60).astype(np.uint8), (masks * 255).astype(np.uint8)


def drawn(epoch=0, batch_size=4, rows=None):
    gray, masks = films()
    rows = np.arange(len(gray)) if rows is None else rows
    parts = list(training_batches(gray, masks, rows, batch_size=batch_size, seed=3, epoch=epoch))
    return tuple(np.concatenate([part[index] for part in parts]) for index in (0, 1))


def test_one_warp_for_film_and_mask(monkeypatch):
    monkeypatch.setattr(batches, "SHADE", 0.0)
    gray, masks = drawn()
    assert gray.shape == masks.shape == (6, 32, 32, 1)
    assert 0 <= gray.min() <= gray.max() <= 255
    assert 0 <= masks.min() <= masks.max() <= 1
    for film, mask in zip(gray, masks, strict=True):
        # The film has two gray levels, one inside the mask: well inside and well outside they stay apart.
        inside, outside = film[mask > 0.99], film[(mask < 0.01) & (film > 1)]
        assert inside.min() > outside.max()
        assert np.ptp(inside) < 0.02 * (inside.max() - outside.min())


def test_shade_is_smooth_and_leaves_the_masks(monkeypatch):
    shaded, masks = drawn()
    monkeypatch.setattr(batches, "SHADE", 0.0)
    plain, same = drawn()
    np.testing.assert_array_equal(masks, same)
    inner = (plain > 20) & (plain < 235) & (shaded > 20) & (shaded < 235)
    change = np.where(inner, shaded - plain, np.nan)
    assert np.nanmax(np.abs(change)) > 10
    assert np.nanmedian(np.abs(np.diff(change, axis=1))) < 8


def test_seed_and_epoch_decide():
    first, again, next_epoch = drawn(), drawn(), drawn(epoch=1)
    for one, other, third in zip(first, again, next_epoch, strict=True):
        np.testing.assert_array_equal(one, other)
        assert (one != third).any()
    np.testing.assert_array_equal(first[0], drawn(batch_size=3)[0])


def test_only_the_rows_named():
    assert len(drawn(rows=np.array([1, 4, 5]))[0]) == 3
    assert GEOMETRY.active


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_stretch_is_about_the_centre_and_across(factor):
    size = 65
    plain = affine(np.zeros(1), np.ones(1), np.ones(1), size)
    y, x = np.mgrid[:size, :size] - 32.0
    disk = (np.hypot(y, x) <= 16).astype(np.float32)[None, ..., None]
    found = np.asarray(warp(disk, stretch(plain, np.array([factor]), size)))[0, ..., 0] > 0.5
    wanted = np.hypot(y, factor * x) <= 16
    assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.97
    # A turned film is widened in the film's frame after the turn: the columns of the transform, not its rows.
    turned = affine(np.array([0.3]), np.ones(1), -np.ones(1), size)
    both = stretch(turned, np.array([factor]), size)[0]
    point = np.array([50.0, 20.0])
    moved = np.array([32 + factor * (point[0] - 32), point[1]])
    for row in (0, 3):
        direct = turned[0, row] * moved[0] + turned[0, row + 1] * moved[1] + turned[0, row + 2]
        assert both[row] * point[0] + both[row + 1] * point[1] + both[row + 2] == pytest.approx(direct, abs=1e-4)

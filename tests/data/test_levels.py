import io
import tracemalloc

import cv2
import numpy as np
import pytest
from PIL import Image

from keras_cxr.data import levels
from keras_cxr.data.images import decode
from keras_cxr.data.levels import (
    check_scans,
    check_size,
    counts_of,
    levels_of,
    percentile_range,
    set_max_megapixels,
    window_by_percentile,
)
from keras_cxr.errors import CxrError, UsageError

RNG = np.random.default_rng(5)


@pytest.fixture
def limit(monkeypatch):
    """Set the limit for one test."""
    monkeypatch.setattr(levels, "_megapixels", levels.MEGAPIXELS)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    return set_max_megapixels


def encoded(image, form="PNG", **settings):
    stream = io.BytesIO()
    image.save(stream, form, **settings)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("million", "size", "reason"),
    [
        (100, (10_000, 10_000, 2), None),
        (100, (10_001, 10_000, 1), "over the limit of 100 million; shrink it or raise --max-megapixels"),
        (100, (10_000, 10_000, 3), "of 3 bytes is over the limit of 200 MB decoded; .* --max-megapixels"),
        (100, (5000, 5000, 8), None),
        (30, (6000, 5001, 1), "over the limit of 30 million"),
        (300, (17_000, 17_000, 2), None),
        (300, (16, 15, 1), "too small"),
    ],
)
def test_limits(limit, million, size, reason):
    limit(million)
    if reason is None:
        check_size(*size)
    else:
        with pytest.raises(CxrError, match=reason):
            check_size(*size)


@pytest.mark.parametrize("million", [0, -1, float("nan")])
def test_a_limit_that_no_film_could_meet(limit, million):
    with pytest.raises(UsageError, match="must be at least 1"):
        limit(million)


def test_a_raised_limit_lets_a_film_through_that_pillow_would_refuse(limit, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400_000)
    content = encoded(Image.new("1", (1500, 1000)))
    with pytest.raises(CxrError, match="far more than the limit"):
        decode(content)
    limit(2)
    assert decode(content)[1] == (1500, 1000)


COLOUR = np.full((1000, 900, 3), 7, np.uint8)


@pytest.mark.parametrize(
    ("content", "bytes_a_pixel"),
    [
        (encoded(Image.fromarray(COLOUR)), 3),
        (encoded(Image.fromarray(COLOUR).convert("RGBA")), 4),
        (encoded(Image.fromarray(COLOUR).convert("P")), 4),
        (encoded(Image.fromarray(COLOUR[..., 0].astype(np.float32)), "TIFF"), 4),
        (encoded(Image.fromarray(COLOUR).convert("CMYK"), "JPEG"), 4),
        (cv2.imencode(".tif", COLOUR.astype(np.float32))[1].tobytes(), 12),
        (cv2.imencode(".tif", COLOUR[..., 0].astype(np.float64))[1].tobytes(), 8),
    ],
)
def test_memory_is_checked_before_anything_is_decoded(limit, content, bytes_a_pixel):
    assert decode(content)[1] == (900, 1000)
    limit(1)
    tracemalloc.start()
    with pytest.raises(CxrError, match=f"900 × 1000 pixels of {bytes_a_pixel} bytes is over the limit of 2 MB"):
        decode(content)
    assert tracemalloc.get_traced_memory()[1] < 200_000
    tracemalloc.stop()


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_colour_jpeg_is_decoded_to_gray_and_costs_no_more(limit, mode):
    limit(1)
    assert decode(encoded(Image.fromarray(COLOUR).convert(mode), "JPEG"))[1] == (900, 1000)


def test_a_jpeg_of_very_many_scans_is_refused():
    content = encoded(Image.new("L", (64, 64)), "JPEG", progressive=True)
    decode(content)
    last = content.rindex(b"\xff\xda")
    with pytest.raises(CxrError, match=r"JPEG of 2\d\d scans, over the limit of 100"):
        decode(content[:last] + content[last:-2] * 200 + content[-2:])
    check_scans(content[:last] + content[last:-2] * 50)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint16, np.int16, ">u2", ">i2", np.int32, np.uint32])
def test_levels_name_every_pixel(kind):
    ends = np.iinfo(kind)
    stored = RNG.integers(max(ends.min, -40_000), min(ends.max, 70_000), (300, 20)).astype(kind)
    values, where = levels_of(stored)
    assert np.array_equal(values[where], stored.astype(np.int64))
    counts = counts_of(where, len(values))
    occurring, times = np.unique(stored, return_counts=True)
    assert np.array_equal(values[counts > 0], occurring)
    assert np.array_equal(counts[counts > 0], times)


def test_levels_of_a_wide_spread_are_shared():
    stored = np.array([[-(2**31), 0, 5, 2**31 - 1]], np.int32)
    values, where = levels_of(stored)
    assert len(values) == 2**20
    assert np.abs(values[where] - stored.astype(np.int64)).max() < 2**12
    assert values[where][0, 0] == stored[0, 0]


@pytest.mark.parametrize("pixels", [2, 201, 999, 40_000])
@pytest.mark.parametrize("slope", [1.0, -2.5])
def test_percentiles_as_numpy_counts_them(pixels, slope):
    stored = np.clip(RNG.normal(1000, 300, (1, pixels)), 0, 4095).astype(np.uint16)
    values, where = levels_of(stored)
    found = percentile_range(values * slope, counts_of(where, len(values)))
    assert found == pytest.approx(tuple(np.percentile(stored * slope, (0.5, 99.5))))


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_large_film_is_windowed_as_a_small_one(kind, bits):
    deep = RNG.integers(0, 50_000, (700, 33)).astype(kind)
    low, high = np.percentile(deep, (0.5, 99.5))
    white = 2**bits - 1
    shown = window_by_percentile(deep, bits)
    assert np.abs(shown - np.interp(deep, [low, high], [0, white])).max() <= 0.51 + bits // 16

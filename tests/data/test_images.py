import io

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from keras_cxr.data.images import decode, read_bytes, window_by_percentile
from keras_cxr.errors import CxrError

# Pillow warns of damaged tags; the package mutes that, pytest lets it through again.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")


def smooth(height=96, width=70, seed=0):
    noise = np.random.default_rng(seed).normal(0, 60, (height, width))
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 3) * 4 + 128, 0, 255).astype(np.uint8)


GRAY = smooth()
DEEP = GRAY.astype(np.uint16) * 150 + 1000


def picture(mode, gray=GRAY):
    colour = Image.fromarray(np.stack([gray, 255 - gray, np.roll(gray, 9, 0)], axis=-1))
    if mode == "I;16":
        return Image.fromarray(gray.astype(np.uint16) * 150 + 1000)
    return (Image.fromarray(gray) if mode in ("L", "1") else colour).convert(mode)


def encoded(image, form, **settings):
    stream = io.BytesIO()
    image.save(stream, form, **settings)
    return stream.getvalue()


def by_pillow(content):
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("L")).astype(int)


@pytest.mark.parametrize(
    ("form", "mode", "settings", "tolerance"),
    [
        ("JPEG", "L", {}, 2),
        ("JPEG", "RGB", {}, 2),
        ("JPEG", "RGB", {"progressive": True, "quality": 95, "subsampling": 0}, 2),
        ("JPEG", "RGB", {"keep_rgb": True}, 2),
        ("JPEG", "CMYK", {}, 2),
        *[("PNG", mode, {}, 0) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")],
        *[("BMP", mode, {}, 0) for mode in ("1", "L", "P", "RGB", "RGBA")],
        *[("TIFF", mode, {}, 0) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")],
        ("TIFF", "L", {"compression": "tiff_lzw"}, 0),
        ("TIFF", "RGB", {"compression": "tiff_adobe_deflate"}, 0),
        ("TIFF", "RGB", {"compression": "jpeg"}, 2),
        ("TIFF", "1", {"compression": "group4"}, 0),
        ("TIFF", "L", {"tiffinfo": {262: 0}}, 0),
    ],
)
def test_eight_bits_as_pillow_reads_them(form, mode, settings, tolerance):
    content = encoded(picture(mode), form, **settings)
    gray, own = decode(content)
    assert gray.dtype == np.uint8
    assert own == (70, 96)
    assert np.abs(gray - by_pillow(content)).max() <= tolerance


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(10))  # 0 and 9 mean nothing
def test_orientation(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(picture("L"), form, exif=exif)
    gray, own = decode(content)
    reference = by_pillow(content)
    assert own == gray.shape[::-1] == reference.shape[::-1]
    assert np.abs(gray - reference).max() <= 2


def test_orientation_in_xmp_alone():
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    content = encoded(picture("L"), "JPEG", xmp=xmp)
    gray, own = decode(content)
    assert own == gray.shape[::-1] == (96, 70)
    assert np.abs(gray - by_pillow(content)).max() <= 2


def test_transparency_shows_black():
    image = picture("RGBA")
    image.putalpha(Image.fromarray(np.where(np.arange(70) < 35, 0, 255).astype(np.uint8)[None].repeat(96, 0)))
    opaque = np.asarray(picture("RGB").convert("L"))
    gray, _ = decode(encoded(image, "PNG"))
    assert not gray[:, :35].any()
    assert np.array_equal(gray[:, 35:], opaque[:, 35:])
    gray, _ = decode(encoded(Image.fromarray(GRAY), "PNG", transparency=int(GRAY[0, 0])))
    assert np.array_equal(gray, np.where(GRAY[0, 0] == GRAY, 0, GRAY))


def cv2_encoded(suffix, pixels):
    return cv2.imencode(suffix, pixels)[1].tobytes()


@pytest.mark.parametrize(
    "content",
    [
        encoded(picture("I;16"), "PNG"),
        encoded(picture("I;16"), "TIFF"),
        encoded(picture("I;16"), "TIFF", compression="tiff_lzw"),
        encoded(Image.fromarray(DEEP.astype(np.int32)), "TIFF"),
        encoded(Image.fromarray(DEEP.astype(np.float32)), "TIFF"),
        cv2_encoded(".tif", np.dstack([DEEP] * 3).astype(np.float32)),  # what Pillow cannot read
        cv2_encoded(".tif", DEEP.astype(np.float64)),
    ],
)
def test_deep_pictures_are_windowed_between_percentiles(content):
    gray, own = decode(content)
    low, high = np.quantile(DEEP, [0.005, 0.995])
    expected = np.interp(DEEP, [low, high], [0, 255])
    assert own == (70, 96)
    assert gray.dtype == np.uint8
    assert np.abs(gray - expected).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bit_colour_keeps_its_upper_byte(suffix):
    content = cv2_encoded(suffix, np.dstack([GRAY.astype(np.uint16) * 257] * 3))
    assert np.array_equal(decode(content)[0], GRAY)


def test_deep_tiff_where_zero_is_white():
    usual, _ = decode(encoded(picture("I;16"), "TIFF", tiffinfo={262: 1}))
    inverse, _ = decode(encoded(picture("I;16"), "TIFF", tiffinfo={262: 0}))
    assert np.abs(inverse.astype(int) + usual - 255).max() <= 1


@pytest.mark.parametrize(
    ("deep", "expected"),
    [
        (np.full((4, 4), 7), np.zeros((4, 4))),
        (np.array([[0] * 999 + [5]]), np.array([[0] * 999 + [255]])),  # the percentiles coincide
        (np.array([[np.nan, 0.0, 1.0]]), np.array([[0, 0, 255]])),
        (np.array([[-2, 2]], np.int32), np.array([[0, 255]])),
    ],
)
def test_window_of_odd_values(deep, expected):
    assert np.array_equal(window_by_percentile(deep), expected)


@pytest.mark.parametrize("at_least", [64, 128, 224, 500])
@pytest.mark.parametrize("orientation", [1, 6])
def test_scaled_jpeg_is_close_to_full_and_resized(at_least, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(picture("RGB", smooth(1200, 900)), "JPEG", exif=exif)
    full, own = decode(content)
    scaled, own_scaled = decode(content, at_least=at_least)
    assert own_scaled == own == full.shape[::-1]
    assert min(scaled.shape) >= at_least
    if orientation == 1 and at_least <= 224:
        assert scaled.size < full.size / 4
    pair = [cv2.resize(gray, (64, 64), interpolation=cv2.INTER_AREA).astype(int) for gray in (full, scaled)]
    assert np.abs(pair[0] - pair[1]).mean() < 1


def cut(form, mode, share, **settings):
    content = encoded(picture(mode), form, **settings)
    return content[: int(len(content) * share)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        *[(cut("JPEG", "RGB", share), "damaged or cut short") for share in (0.5, 0.8, 0.98)],
        *[(cut("PNG", "L", share), "damaged or cut short") for share in (0.3, 0.8)],
        *[(cut("BMP", "L", share), "damaged or cut short") for share in (0.3, 0.99)],
        (cut("TIFF", "L", 0.9, compression="tiff_lzw"), "."),
        (cut("TIFF", "L", 0.3), "."),
        (b"these are not the films you are looking for", "is not a JPEG, PNG, BMP or TIFF"),
        (b"\x89PNG\r\n\x1a\n", "is not a JPEG"),
        (b"II*\0 and no more", "is not a JPEG"),
        (encoded(picture("L"), "GIF"), "is not a JPEG"),
        (encoded(picture("L"), "WEBP"), "is not a JPEG"),
        *[
            (encoded(Image.new("L", (1, 1)), form), "1 × 1 pixels is too small for a film .at least 16")
            for form in ("JPEG", "PNG", "BMP", "TIFF")
        ],
        (encoded(Image.new("L", (15, 500)), "PNG"), "15 × 500 pixels is too small"),
        (cv2_encoded(".tif", np.zeros((8, 8, 3), np.float32)), "8 × 8 pixels is too small"),
        *[
            (encoded(Image.new("1", (12_000, 12_000)), form), "12000 × 12000 pixels is over the limit of 100 million")
            for form in ("PNG", "TIFF")
        ],
        (encoded(Image.new("1", (20_000, 20_000)), "PNG"), "far more than the limit of 100 million"),
    ],
)
def test_faulty_bytes_give_one_line(content, reason):
    with pytest.raises(CxrError, match=reason) as caught:
        decode(content)
    assert "\n" not in str(caught.value)


def test_whatever_opencv_raises_becomes_a_reason(monkeypatch):
    def stumble(content, flags):
        raise cv2.error("too large")

    monkeypatch.setattr(cv2, "imdecode", stumble)
    with pytest.raises(CxrError, match="is not a JPEG"):
        decode(b"II*\0 and no more")
    with pytest.raises(CxrError, match=r"^damaged or cut short \(too large\)$"):
        decode(encoded(picture("L"), "JPEG"))


def test_jpeg_with_something_behind_its_end():
    content = encoded(picture("L"), "JPEG")
    assert np.array_equal(decode(content + b"\0\0\r\n")[0], decode(content)[0])
    assert np.array_equal(decode(content + b"<trailer>")[0], by_pillow(content))


def test_whatever_a_decoder_raises_becomes_a_reason(monkeypatch):
    def stumble(picture):
        raise cv2.error("line one\n line two")

    monkeypatch.setattr("keras_cxr.data.images._gray", stumble)
    with pytest.raises(CxrError, match=r"^damaged or cut short \(line one line two\)$"):
        decode(encoded(picture("L"), "PNG"))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "cannot be read: No such file or directory"),
        (lambda path: path.mkdir(), "cannot be read: Is a directory"),
        (lambda path: path.touch(), "the file is empty"),
        (lambda path: path.symlink_to(path), "cannot be read: Too many levels of symbolic links"),
    ],
)
def test_unreadable_files(tmp_path, make, reason):
    make(tmp_path / "film.png")
    with pytest.raises(CxrError, match=reason):
        read_bytes(tmp_path / "film.png")

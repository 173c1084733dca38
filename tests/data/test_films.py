import hashlib
import io

import cv2
import numpy as np
import pytest
from PIL import Image

from keras_cxr.data import films as films_module
from keras_cxr.data.films import picture_of, read_film, read_films
from keras_cxr.data.fingerprints import content_hashes
from keras_cxr.data.preprocessing import Preprocessing

SMALL = Preprocessing(32)
# Pillow warns of damaged tags; the package mutes that, pytest lets it through again.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::PIL.Image.DecompressionBombWarning")


def encoded(form, mode="L", **settings):
    gray = np.clip(np.add.outer(np.arange(40) * 3, np.arange(34) * 4), 0, 255).astype(np.uint8)
    image = Image.fromarray(gray.astype(np.uint16) * 200) if mode == "I;16" else Image.fromarray(gray).convert(mode)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    stream = io.BytesIO()
    image.save(stream, form, **settings, **({} if form == "BMP" else {"exif": exif}))
    return stream.getvalue()


ORIGINALS = {
    "jpeg": encoded("JPEG", "RGB"),
    "progressive": encoded("JPEG", progressive=True),
    "cmyk": encoded("JPEG", "CMYK"),
    "png": encoded("PNG"),
    "deep-png": encoded("PNG", "I;16"),
    "palette": encoded("PNG", "P"),
    "bmp": encoded("BMP"),
    "bmp-palette": encoded("BMP", "P"),
    "tiff": encoded("TIFF"),
    "lzw": encoded("TIFF", "RGB", compression="tiff_lzw"),
    "deep-tiff": encoded("TIFF", "I;16"),
    "deep-colour": cv2.imencode(".tif", np.full((20, 20, 3), 4000, np.float32))[1].tobytes(),
}


def mutations(content, rng, count):
    """Cut, bytes replaced anywhere, bytes replaced in the header or trailer, bytes put in between."""
    for number in range(count):
        changed = bytearray(content)
        if number % 4 == 0:
            changed = changed[: rng.integers(len(changed))]
        elif number % 4 == 3:
            place = rng.integers(len(changed))
            changed[place:place] = rng.bytes(rng.integers(1, 20))
        else:
            ends = [*range(min(120, len(changed))), *range(max(0, len(changed) - 200), len(changed))]
            places = rng.choice(ends, 4) if number % 4 == 1 else rng.integers(0, len(changed), 6)
            for place in places:
                changed[place] = rng.choice([0, 1, 127, 128, 255, rng.integers(256)])
        yield bytes(changed)


@pytest.mark.parametrize("name", ORIGINALS)
def test_no_bytes_bring_an_exception(name, tmp_path):
    whole = read_film(_written(tmp_path / "whole.png", ORIGINALS[name]), SMALL)
    assert whole.pixels.shape == (32, 32)
    rng = np.random.default_rng(list(ORIGINALS).index(name))
    for content in mutations(ORIGINALS[name], rng, 80):
        film = read_film(_written(tmp_path / "film.png", content), SMALL)
        assert (film.pixels is None) == bool(film.error)
        assert "\n" not in film.error
        if film.pixels is None:
            assert (film.width, film.height, film.sha256) == (0, 0, "")
        else:
            assert film.pixels.shape == (32, 32)


def _written(path, content):
    path.write_bytes(content)
    return path


def test_a_film_and_what_is_known_of_it(tmp_path):
    path = _written(tmp_path / "film.jpg", ORIGINALS["jpeg"])
    film = read_film(path, SMALL)
    assert (film.width, film.height) == (40, 34)  # turned by its EXIF tag
    assert film.sha256 == hashlib.sha256(ORIGINALS["jpeg"]).hexdigest() == content_hashes([str(path)])[0]
    assert (film.path, film.error) == (str(path), "")


def test_films_come_in_order_with_their_faults(tmp_path):
    paths = []
    for number in range(150):
        path = tmp_path / f"{number}.png"
        if number % 7 == 3:
            path.write_bytes(b"no film")
        elif number % 7 != 5:
            cv2.imwrite(str(path), np.full((20, 30), number, np.uint8))
        paths.append(str(path))
    films = list(read_films(iter(paths), SMALL, workers=2))
    assert [film.path for film in films] == paths
    for number, film in enumerate(films):
        if number % 7 == 3:
            assert film.error.startswith("is not a JPEG")
        elif number % 7 == 5:
            assert film.error == "cannot be read: No such file or directory"
        else:
            assert film.pixels[16, 16] == number
    hashes = content_hashes(paths)
    assert [film.sha256 for film in films if not film.error] == [
        h for h, f in zip(hashes, films, strict=True) if f.sha256
    ]
    assert hashes[5] == ""


def test_reading_can_be_left_early(tmp_path):
    path = _written(tmp_path / "film.png", ORIGINALS["png"])
    films = read_films((str(path) for _ in range(10_000)), SMALL, workers=2)
    assert next(films).pixels is not None
    films.close()


@pytest.mark.parametrize(
    ("suffix", "side", "canvas", "decodings"),
    [
        (".jpg", 500, 224, 1),
        (".jpg", 600, 224, 1),
        (".jpg", 1100, 224, 1),
        (".jpg", 2100, 224, 1),
        (".jpg", 1000, 224, 1),  # a half, 500 pixels, is almost enough for the picture
        (".jpg", 1000, 100, 2),  # a quarter is enough for the canvas, not for the picture
        (".jpg", 1100, 300, 1),  # and the other way round
        (".png", 1100, 224, 1),
    ],
)
def test_a_picture_comes_with_the_film_and_changes_nothing(tmp_path, monkeypatch, suffix, side, canvas, decodings):
    path, calls = tmp_path / f"film{suffix}", []
    wave = np.sin(np.arange(side + 40) / 40)
    cv2.imwrite(str(path), (127 + 60 * np.add.outer(wave[:side], wave)).astype(np.uint8))
    decode = films_module.decode
    monkeypatch.setattr(films_module, "decode", lambda *given, **how: calls.append(1) or decode(*given, **how))
    film = read_film(path, Preprocessing(canvas), picture_side=512)
    assert len(calls) == decodings
    whole = decode(path.read_bytes())[0]
    short = min(side, 512)
    wanted = cv2.resize(whole, (round((side + 40) * short / side), short), interpolation=cv2.INTER_AREA)
    assert film.picture.shape == wanted.shape
    assert np.abs(film.picture.astype(int) - wanted).max() <= 3
    assert np.abs(film.picture.astype(int) - picture_of(path, 512)).max() <= 3
    assert np.array_equal(picture_of(path, None), whole)
    plain = read_film(path, Preprocessing(canvas))
    assert plain.picture is None
    assert np.array_equal(plain.pixels, film.pixels)


def test_real_films_in_full_size(shared_data):
    paths = sorted((shared_data / "kermany-fullsize").rglob("*.jp*g"))[:6]
    assert paths
    for path, film in zip(paths, read_films(map(str, paths), Preprocessing(224)), strict=True):
        with Image.open(path) as image:
            assert (film.width, film.height) == image.size
            full = np.asarray(image.convert("L"))
        height, width = (round(side * 224 / max(full.shape)) for side in full.shape)
        reference = cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA)
        top, left = (224 - height) // 2, (224 - width) // 2
        inner = film.pixels[top : top + height, left : left + width]
        assert np.abs(inner.astype(int) - reference).mean() < 0.8

"""Films that are kept: what is decoded again, counted, and that what comes back is what a film is."""

import numpy as np
import pytest
from PIL import Image

from keras_cxr.data import films as reading
from keras_cxr.data.films import read_film, read_films
from keras_cxr.data.kept_films import KeptFilms, films_kept
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError

SIDE = 16
PLAIN = Preprocessing(SIDE)


@pytest.fixture
def paths(tmp_path):
    """Four films and a file that is none."""
    rng = np.random.default_rng(0)
    for number in range(4):
        Image.fromarray(rng.integers(0, 256, (30, 20), np.uint8)).save(tmp_path / f"{number}.png")
    (tmp_path / "torn.png").write_bytes((tmp_path / "0.png").read_bytes()[:60])
    return [str(path) for path in sorted(tmp_path.iterdir())]


@pytest.fixture
def decoded(monkeypatch):
    """Counts what is decoded, in a list of the files' bytes."""
    decode, seen = reading.decode, []

    def counting(content, **settings):
        seen.append(content)
        return decode(content, **settings)

    monkeypatch.setattr(reading, "decode", counting)
    return seen


def left_half(path, gray):
    mask = np.zeros_like(gray)
    mask[:, : gray.shape[1] // 2] = 255
    return mask


def right_half(path, gray):
    return left_half(path, gray)[:, ::-1]


def missing(path, gray):
    raise CxrError("has no lung mask")


def same(films, others):
    for film, other in zip(films, others, strict=True):
        np.testing.assert_array_equal(film.pixels, other.pixels)
        assert (film.path, film.error, film.sha256, film.region) == (
            *(other.path, other.error, other.sha256, other.region),
        )


def test_each_film_is_decoded_once_for_all_that_prepare_it_alike(paths, decoded):
    expected = [read_film(path, PLAIN) for path in paths]
    decoded.clear()
    with films_kept():
        for _ in range(3):
            same(read_films(paths, Preprocessing(SIDE), left_half), expected)
        assert len(decoded) == len(paths)
        assert expected[-1].error
        assert len(list(read_films(paths, Preprocessing(SIDE, fit="squeeze")))) == 5
        assert len(decoded) == 2 * len(paths)
        with pytest.raises(ValueError, match="read-only"):
            next(iter(read_films(paths, PLAIN))).pixels[0] = 0
    decoded.clear()
    same(read_films(paths, PLAIN), expected)
    same(read_films(paths, PLAIN), expected)
    assert len(decoded) == 2 * len(paths)


def test_films_of_other_lung_masks_are_other_films(paths, decoded):
    cropped = Preprocessing(SIDE, lungs="crop")
    for masks in (left_half, right_half, missing):
        expected = [read_film(path, cropped, masks) for path in paths]
        with films_kept():
            list(read_films(paths, cropped, left_half))
            same(read_films(paths, cropped, masks), expected)
            decoded.clear()
            same(read_films(paths, cropped, masks), expected)
            assert not decoded


def test_beyond_the_limit_films_are_decoded_again(paths, decoded):
    expected = [read_film(path, PLAIN) for path in paths]
    decoded.clear()
    with films_kept(2 * SIDE**2 + 1):
        same(read_films(paths, PLAIN, workers=1), expected)
        same(read_films(paths, PLAIN, workers=1), expected)
    # The torn file needs no room.
    assert len(decoded) == len(paths) + 2
    kept = KeptFilms(limit=SIDE**2)
    kept(paths[0], PLAIN)
    assert kept.room == 0

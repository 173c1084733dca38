import cv2
import numpy as np
import pytest

from keras_cxr.data.geometry import placement, to_canvas, to_film
from keras_cxr.data.preprocessing import Preprocessing

SIZES = [(100, 100), (300, 200), (200, 300), (1000, 17), (17, 1000), (20, 24), (640, 479), (224, 224), (40_000, 16)]


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("size", [32, 64, 101])
def test_padding_keeps_aspect_and_centres(width, height, size):
    place = placement(width, height, Preprocessing(size, "pad"))
    scale = size / max(width, height)
    assert abs(place.width - width * scale) <= 1
    assert abs(place.height - height * scale) <= 1
    assert max(place.width, place.height) == size
    assert 0 <= size - place.width - 2 * place.left <= 1
    assert 0 <= size - place.height - 2 * place.top <= 1


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_canvas_is_black_around_the_film_and_full_when_squeezed(width, height):
    film = np.full((height, width), 200, np.uint8)
    place = placement(width, height, Preprocessing(64, "pad"))
    padded = to_canvas(film, Preprocessing(64, "pad"))
    inside = np.zeros((64, 64), bool)
    inside[place.top : place.top + place.height, place.left : place.left + place.width] = True
    assert padded.dtype == np.uint8
    assert np.array_equal(padded, np.where(inside, 200, 0))
    assert np.array_equal(to_canvas(film, Preprocessing(64, "squeeze")), np.full((64, 64), 200))


def test_shrinking_averages_the_covered_pixels():
    film = np.random.default_rng(0).integers(0, 256, (96, 64), np.uint8)
    mean = film.reshape(32, 3, 64, 1).mean((1, 3))
    assert np.abs(to_canvas(film[:, :32], Preprocessing(32, "pad")) - 0.0).max() > 0
    squeezed = to_canvas(np.repeat(film, 3, axis=1)[:, :96], Preprocessing(32, "squeeze"))
    assert np.abs(squeezed - mean[:, :32]).max() <= 1


def test_a_film_of_the_canvas_size_is_not_touched():
    film = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    for fit in ("pad", "squeeze"):
        assert np.array_equal(to_canvas(film, Preprocessing(48, fit)), film)


def test_own_size_decides_where_a_film_decoded_smaller_comes_to_lie():
    film = cv2.GaussianBlur(np.random.default_rng(0).normal(128, 90, (999, 601)).clip(0, 255), (0, 0), 20)
    film = film.astype(np.uint8)
    half = cv2.resize(film, (301, 500), interpolation=cv2.INTER_AREA)
    whole = to_canvas(film, Preprocessing(100))
    assert np.abs(to_canvas(half, Preprocessing(100), own_size=(601, 999)).astype(int) - whole).max() <= 2


@pytest.mark.parametrize(("width", "height"), [(300, 200), (200, 300), (500, 460), (60, 40)])
@pytest.mark.parametrize("fit", ["pad", "squeeze"])
def test_to_film_inverts_to_canvas_within_a_pixel(width, height, fit):
    preprocessing = Preprocessing(128, fit)
    coarse = max(1, max(width, height) / 128)  # film pixels a canvas pixel
    y, x = np.mgrid[:height, :width]
    for centre_x, centre_y in [(0.3, 0.6), (0.5, 0.5), (0.8, 0.25)]:
        middle = np.array([centre_x * width, centre_y * height])
        spread = width * height / 80
        film = 255 * np.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / spread)
        back = to_film(to_canvas(film.astype(np.uint8), preprocessing).astype(np.float32), width, height, preprocessing)
        assert back.shape == (height, width)
        found = np.array([(back * x).sum(), (back * y).sum()]) / back.sum()
        true = np.array([(film * x).sum(), (film * y).sum()]) / film.sum()
        assert np.abs(found - true).max() <= coarse


def test_what_lies_in_the_padding_does_not_come_back():
    preprocessing = Preprocessing(64)
    place = placement(100, 50, preprocessing)
    canvas = np.full((64, 64), 9.0, np.float32)
    canvas[place.top : place.top + place.height] = 1.0
    assert np.array_equal(to_film(canvas, 100, 50, preprocessing), np.ones((50, 100)))

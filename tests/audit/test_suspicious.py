import cv2
import numpy as np
import pandas as pd
import pytest

from keras_cxr.audit.burned_in import has_burned_in_text
from keras_cxr.audit.suspicious import find_suspicious


def odd(films, thumbnails):
    found = thumbnails(films)
    return find_suspicious(found, pd.Series(found.std(axis=(1, 2))))


def noise(film):
    return np.random.default_rng(0).integers(0, 256, film.shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda film: 255 - film, "inverted"),
        (lambda film: np.rot90(film, 1), "turned 90°"),
        (lambda film: np.rot90(film, 2), "turned 180°"),
        (lambda film: np.rot90(film, 3), "turned 270°"),
        (lambda film: np.full_like(film, 77), "blank"),
        (noise, "unlike"),
    ],
    ids=["inverted", "90", "180", "270", "blank", "noise"],
)
def test_odd_films_are_told(films, thumbnails, change, word):
    originals = list(films.values())
    changed = [change(film) if row % 10 == 3 else film for row, film in enumerate(originals)]
    assert odd(changed, thumbnails) == [[word] if row % 10 == 3 else [] for row in range(len(originals))]


def test_of_few_films_only_blank_ones_are_told(films, thumbnails):
    few = list(films.values())[:8]
    few[0], few[1] = 255 - few[0], np.zeros_like(few[1])
    assert odd(few, thumbnails) == [[], ["blank"], *[[]] * 6]


def test_unreadable_films_are_not_judged():
    assert find_suspicious(np.zeros((2, 64, 64), np.uint8), pd.Series([np.nan, 1.0])) == [[], ["blank"]]


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("", (0, 0), False),
        ("R", (10, 30), False),
        ("NAME 1962", (10, 24), True),
        ("PORTABLE", (130, 245), True),
        ("PORTABLE", (90, 128), False),  # in the middle of the film
    ],
)
def test_text_at_the_border(text, place, expected):
    film = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8), (0, 0), 12)
    cv2.putText(film, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, 255, 1, cv2.LINE_AA)
    assert has_burned_in_text(film) is expected

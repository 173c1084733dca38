import cv2
import numpy as np
import pandas as pd
import pytest

from keras_cxr.audit.duplicates import ALIKE, duplicate_groups, find_duplicates


def recompressed(film, quality=40):
    return cv2.imdecode(cv2.imencode(".jpg", film, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)


COPIES = {
    "smaller": lambda film: cv2.resize(film, (80, 80), interpolation=cv2.INTER_AREA),
    "larger": lambda film: cv2.resize(film, (300, 300), interpolation=cv2.INTER_CUBIC),
    "recompressed": recompressed,
    "cut at all sides": lambda film: film[2:-2, 2:-2],
    "cut at a corner": lambda film: film[3:, :-3],
    "stretched": lambda film: cv2.resize(film, (128, 96), interpolation=cv2.INTER_AREA),
    "darker": lambda film: np.rint(255 * (film / 255) ** 1.3).astype(np.uint8),
    "cut, larger, recompressed": lambda film: recompressed(cv2.resize(film[2:-1, 1:-2], (224, 224))),
}


def duplicates(films, thumbnails):
    sha256 = pd.Series([str(hash((film.tobytes(), film.shape))) for film in films])
    return find_duplicates(sha256, thumbnails(films), np.ones(len(films), bool))


@pytest.mark.parametrize("way", COPIES)
def test_copies_are_found_and_nothing_else(films, thumbnails, way):
    originals = list(films.values())
    pairs = duplicates([*originals, *map(COPIES[way], originals)], thumbnails)
    count = len(originals)
    assert {*zip(pairs["first"], pairs["second"], strict=True)} == {(row, count + row) for row in range(count)}
    assert (pairs["kind"] == "near").all()
    assert pairs["similarity"].between(ALIKE, 1.0001).all()
    assert pairs["similarity"].is_monotonic_decreasing


def test_identical_files_are_paired_with_the_first(films, thumbnails):
    one, other, third = list(films.values())[:3]
    pairs = duplicates([one, other, one, third, one, recompressed(other)], thumbnails)
    assert [*pairs[["first", "second", "kind"]].itertuples(index=False, name=None)] == [
        (0, 2, "identical"),
        (0, 4, "identical"),
        (1, 5, "near"),
    ]
    assert list(duplicate_groups(pairs, 6)) == [1, 2, 1, 0, 1, 2]


def test_unreadable_and_blank_films_are_no_copies():
    thumbnails = np.zeros((4, 64, 64), np.uint8)
    pairs = find_duplicates(pd.Series(["", "", "a", "b"]), thumbnails, np.array([False] * 4))
    assert len(pairs) == 0
    assert list(duplicate_groups(pairs, 4)) == [0] * 4

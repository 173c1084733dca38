import concurrent.futures

import cv2
import numpy as np
import pytest

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.segmentation import dice


@pytest.fixture(scope="module")
def films(phantom):
    return [cv2.imread(str(path), 0) for path in sorted((phantom / "unknown_images").glob("*.png"))]


def test_films_of_other_patients(finder, phantom, films):
    truths = [
        cv2.imread(str(phantom / "masks" / path.name), 0) for path in sorted((phantom / "unknown_images").glob("*"))
    ]
    found = [finder.mask(film) for film in films]
    assert np.mean([dice(truth, mask) for truth, (mask, _) in zip(truths, found, strict=True)]) > 0.85
    for film, (mask, confidence) in zip(films, found, strict=True):
        assert mask.shape == film.shape
        assert mask.dtype == np.uint8
        assert set(np.unique(mask)) == {0, 255}
        assert 0.5 < confidence <= 1


def test_several_sizes_in_a_batch_as_one_by_one(finder, films):
    sizes = [(128, 128), (300, 256), (90, 140)]
    resized = [cv2.resize(film, size) for film, size in zip(films * 6, sizes * 6, strict=False)]
    for film, (mask, confidence) in zip(resized, finder.masks(resized), strict=True):
        alone, same = finder.mask(film)
        assert mask.shape == film.shape
        assert dice(alone, mask) > 0.999
        assert confidence == pytest.approx(same, abs=1e-3)
    assert finder.masks([]) == []


def test_several_threads_at_once(finder, films):
    wanted = [finder.mask(film) for film in films]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for place, (mask, confidence) in enumerate(pool.map(finder.mask, films * 5)):
            np.testing.assert_array_equal(mask, wanted[place % len(films)][0])
            assert confidence == wanted[place % len(films)][1]


@pytest.mark.parametrize(
    ("film", "received"),
    [
        (np.zeros((20, 20, 3), np.uint8), r"uint8 \(20, 20, 3\)"),
        (np.zeros((20, 20)), r"float64 \(20, 20\)"),
        ("film.png", "str"),
    ],
)
def test_no_film(finder, film, received):
    with pytest.raises(CxrError, match=f"Received: {received}"):
        finder.mask(film)

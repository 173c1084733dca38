import numpy as np
import pytest

from keras_cxr.audit.hashing import FREQUENCIES, near_pairs, perceptual_hashes


def test_hash_is_the_signs_of_the_cosine_transform(films, thumbnails):
    few = thumbnails(list(films.values())[:6])
    # Written out: the cosines themselves, no library's transform.
    place = (np.arange(32) + 0.5) * np.pi / 32
    cosines = np.cos(np.arange(FREQUENCIES)[:, None] * place) * np.sqrt(2 / 32)
    cosines[0] /= np.sqrt(2)
    for thumbnail, found in zip(few, perceptual_hashes(few), strict=True):
        small = thumbnail.astype(float).reshape(32, 2, 32, 2).mean((1, 3))
        low = (cosines @ small @ cosines.T).ravel()[1:]
        sure = np.abs(low - np.median(low)) > 1e-3
        np.testing.assert_array_equal(found[sure], (low > np.median(low))[sure])
        assert found.shape == (FREQUENCIES**2 - 1,)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.45])
def test_near_pairs_are_those_of_all_pairs(share):
    rng = np.random.default_rng(0)
    hashes = rng.random((1100, 64)) < 0.5  # more than one block
    hashes[700] = hashes[3]
    hashes[1099, 5:] = hashes[8, 5:]
    distance = (hashes[:, None] != hashes).sum(axis=2)
    expected = {(i, j) for i, j in zip(*np.nonzero(distance <= share * 64), strict=True) if i < j}
    assert {tuple(pair) for pair in near_pairs(hashes, share, neighbours=1100)} == expected


def test_each_film_asks_for_its_nearest():
    hashes = np.zeros((5, 20), bool)
    for number in range(5):
        hashes[number, :number] = True
    pairs = near_pairs(hashes, share=1.0, neighbours=1)
    assert {tuple(pair) for pair in pairs} == {(0, 1), (1, 2), (2, 3), (3, 4)}

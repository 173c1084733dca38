"""Stored vectors come back by name, whatever part they lie in."""

import numpy as np
import pytest

from keras_cxr.data.feature_store import FeatureStore, film_key, open_store


def test_store_keeps_rows_through_parts_and_ignores_half_a_part(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"{number:064x}" for number in range(7)]
    vectors = rng.random((7, 5), np.float32)
    store = FeatureStore(tmp_path)
    store.add(names[:4], vectors[:4])
    store.add(names[4:6], vectors[4:6])
    np.save(tmp_path / "killed.npy", vectors[6:])
    again = FeatureStore(tmp_path)
    assert again.missing([*names, names[6]]) == [names[6]]
    mixed = [names[5], names[0], names[4], names[0]]
    np.testing.assert_array_equal(again.read(mixed), vectors[[5, 0, 4, 0]])
    with pytest.raises(KeyError):
        again.read([names[6]])


def test_a_film_is_known_by_its_pixels_and_a_store_by_backbone_and_view(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path))
    film = np.arange(12, dtype=np.uint8).reshape(3, 4)
    # The same canvas with its channel, and as a part of a larger array.
    assert film_key(film) == film_key(film[..., None]) == film_key(np.pad(film, 2)[2:-2, 2:-2])
    assert film_key(film) != film_key(film + 1)
    stores = [open_store("a"), open_store("b"), open_store("a", {"number": 1}), open_store("a", {"number": 2})]
    assert len({store.folder for store in stores}) == 4
    assert open_store("a", {"number": 1}).folder == stores[2].folder

"""The head on stored features: equal to the plain way where nothing is drawn, and never stale."""

import dataclasses
import shutil

import keras
import numpy as np
import pytest
from PIL import Image
from trainings import history_of, small_application, trained, write_backbone

from keras_cxr.cache import cache_folder
from keras_cxr.data.augment import Augmentation, film_transforms

PLAIN = {"architecture": "resnet50", "rotation": 0.0, "zoom": 0.0, "flip": False, "epochs": 3}


@pytest.fixture
def backbone(tmp_path, monkeypatch):
    monkeypatch.setattr(keras.applications, "ResNet50", small_application)
    monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path / "cache"))
    return write_backbone(tmp_path / "small.weights.h5")


def parts():
    return sorted(path.name for path in (cache_folder() / "features").rglob("*.npy"))


def test_without_augmentation_the_losses_are_those_of_the_plain_way(phantom, backbone, tmp_path):
    settings = PLAIN | {"weights": str(backbone)}
    histories = []
    for name, cached in (("cached", True), ("plain", False)):
        trained(phantom, tmp_path / name, **settings, feature_cache=cached)
        histories.append(history_of(tmp_path / name))
    for column in ("loss", "val_loss", "val_auroc"):
        np.testing.assert_allclose(histories[0][column], histories[1][column], rtol=1e-4)


def test_a_second_training_finds_the_features_and_other_weights_or_views_do_not(phantom, backbone, tmp_path):
    settings = PLAIN | {"epochs": 1, "weights": str(backbone)}
    trained(phantom, tmp_path / "first", **settings)
    first = parts()
    trained(phantom, tmp_path / "again", **settings, dropout=0.1)
    assert parts() == first
    trained(phantom, tmp_path / "turned", **(settings | {"rotation": 9.0}), views=2)
    turned = parts()
    assert len(turned) > len(first)
    other = write_backbone(tmp_path / "other.weights.h5", seed=1)
    trained(phantom, tmp_path / "other", **(settings | {"weights": str(other)}))
    assert len(parts()) > len(turned)


def test_a_changed_film_is_computed_anew(phantom, backbone, tmp_path):
    folder = tmp_path / "films"
    shutil.copytree(phantom / "known_images", folder)
    settings = PLAIN | {"epochs": 1, "weights": str(backbone)}
    trained(folder, tmp_path / "first", **settings)
    films = sum(path.read_text().count("\n") for path in (cache_folder() / "features").rglob("*.txt"))
    changed = next(folder.rglob("*.png"))
    Image.fromarray(255 - np.asarray(Image.open(changed).convert("L"))).save(changed)
    trained(folder, tmp_path / "second", **settings)
    # A changed film may also have moved to another split; at least it itself is new.
    assert sum(path.read_text().count("\n") for path in (cache_folder() / "features").rglob("*.txt")) > films


def test_a_view_depends_on_the_film_alone():
    films = [f"{number:064x}" for number in range(5)]
    whole = film_transforms(Augmentation(), films, 64, view=1)
    np.testing.assert_array_equal(film_transforms(Augmentation(), films[3:], 64, view=1), whole[3:])
    assert not np.array_equal(film_transforms(Augmentation(), films, 64, view=2), whole)
    still = dataclasses.replace(Augmentation(), rotation=0, zoom=0, flip=False)
    np.testing.assert_allclose(film_transforms(still, films, 64, 0)[:, :6], [[1, 0, 0, 0, 1, 0]] * 5, atol=1e-5)

import numpy as np
import pytest

from keras_cxr.data.augment import Augmentation, draw_transforms, warp
from keras_cxr.data.pipeline import array_batches, plain_batches, training_batches

NONE = Augmentation(0, 0, False)


def numbered(films=40, size=16):
    """Films that carry their row number in every pixel."""
    return np.broadcast_to(np.arange(films, dtype=np.uint8)[:, None, None], (films, size, size)).copy()


def epoch_of(pixels, rows, augmentation=NONE, targets=None, batch_size=7, seed=0, epoch=0):
    targets = rows * 3 if targets is None else targets
    batches = training_batches(
        pixels,
        rows,
        targets,
        (rows / 8).astype(np.float32),
        batch_size=batch_size,
        seed=seed,
        epoch=epoch,
        augmentation=augmentation,
    )
    return [tuple(part.numpy() for part in batch) for batch in batches]


@pytest.mark.parametrize("batch_size", [1, 7, 10, 64])
def test_every_film_once_with_its_target_and_weight(batch_size):
    rows = np.arange(1, 40, 2)  # 20 films
    batches = epoch_of(numbered(), rows, batch_size=batch_size)
    assert [len(films) for films, _, _ in batches] == [batch_size] * (20 // batch_size) + [20 % batch_size] * (
        20 % batch_size > 0
    )
    films, targets, weights = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    assert (films.shape, films.dtype) == ((20, 16, 16, 1), np.float32)
    shown = films[:, 0, 0, 0]
    assert np.array_equal(films, np.broadcast_to(shown[:, None, None, None], films.shape))
    assert sorted(shown) == list(rows)
    assert list(shown) != list(rows)
    assert np.array_equal(targets, shown * 3)
    assert np.array_equal(weights, shown / 8)
    assert (targets.dtype, weights.dtype) == (rows.dtype, np.float32)


def test_targets_of_several_classes_stay_with_their_films():
    rows = np.arange(30)
    targets = np.eye(30, dtype=np.float32)
    for films, target, _ in epoch_of(numbered(), rows, targets=targets):
        assert np.array_equal(target.argmax(axis=1), films[:, 0, 0, 0])


@pytest.mark.parametrize("augmentation", [NONE, Augmentation()])
def test_seed_and_epoch_decide(augmentation):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8)
    rows = np.arange(40)

    def films(seed, epoch):
        return np.concatenate([batch[0] for batch in epoch_of(pixels, rows, augmentation, seed=seed, epoch=epoch)])

    first = films(5, 2)
    assert np.array_equal(first, films(5, 2))
    for seed, epoch in [(5, 3), (6, 2), (2, 5)]:
        assert not np.array_equal(first, films(seed, epoch))


def test_no_augmentation_gives_the_exact_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8)
    for films, targets, _ in epoch_of(pixels, np.arange(40)):
        assert np.array_equal(films[..., 0], pixels[targets // 3])


def test_each_film_gets_the_transform_of_its_place_in_rows():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8)
    rows = np.arange(5, 35)
    transforms = draw_transforms(Augmentation(), len(rows), 16, seed=1, epoch=4)
    expected = warp(pixels[rows].astype(np.float32)[..., None], transforms).numpy()
    for batch_size in (4, 30):
        for films, targets, _ in epoch_of(pixels, rows, Augmentation(), batch_size=batch_size, seed=1, epoch=4):
            assert np.abs(films - expected[targets // 3 - 5]).max() < 1e-3


def test_features_come_in_the_order_of_their_films():
    rows = np.arange(40)
    settings = {"batch_size": 7, "seed": 2, "epoch": 5}
    features = array_batches(rows[:, None] / 2, rows * 3, np.ones(40, np.float32), **settings)
    for (feature, target, _), (films, targets, _) in zip(features, epoch_of(numbered(), rows, **settings), strict=True):
        assert np.array_equal(feature[:, 0] * 2, films[:, 0, 0, 0])
        assert np.array_equal(target, targets)


def test_plain_batches_are_in_order():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 16, 16), np.uint8)
    rows = np.array([7, 3, 39, 0, 21])
    batches = [batch.numpy() for batch in plain_batches(pixels, rows, 2)]
    assert [batch.shape for batch in batches] == [(2, 16, 16, 1), (2, 16, 16, 1), (1, 16, 16, 1)]
    assert np.array_equal(np.concatenate(batches)[..., 0], pixels[rows])
    assert batches[0].dtype == np.float32


def test_films_on_disk(tmp_path):
    pixels = np.memmap(tmp_path / "films", np.uint8, "w+", shape=(40, 16, 16))
    pixels[:] = numbered()
    for films, targets, _ in epoch_of(pixels, np.arange(40)):
        assert np.array_equal(films[:, 0, 0, 0] * 3, targets)
    assert np.array_equal(next(iter(plain_batches(pixels, np.arange(40), 40))).numpy()[:, 3, 3, 0], np.arange(40))


def test_static_shape_is_known():
    (films, _, _) = training_batches(
        numbered(),
        np.arange(4),
        np.arange(4),
        np.ones(4, np.float32),
        batch_size=2,
        seed=0,
        epoch=0,
        augmentation=Augmentation(),
    ).element_spec
    assert tuple(films.shape) == (None, 16, 16, 1)

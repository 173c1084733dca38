"""Films that wait on the device are warped as those that the processor warps, and train the same network."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_cxr.data.augment import Augmentation, draw_transforms, warp
from keras_cxr.data.pipeline import index_batches, training_batches
from keras_cxr.training.device_films import DeviceFilms, fit_on_device, warp_on_device

VARIED = Augmentation(rotation=25, zoom=0.2, translation=0.1, crop=0.5, vertical_flip=0.5)


def smooth_films(count, size=48):
    draws = np.random.default_rng(0).random((count, 6, 6, 1))
    return tf.cast(tf.image.resize(draws * 255, (size, size), "bicubic"), tf.uint8).numpy()[..., 0]


@pytest.mark.parametrize("jit", [False, True])
def test_same_gray_levels(jit):
    films = smooth_films(12)
    transforms = draw_transforms(VARIED, 12, 48, seed=2, epoch=5)
    ours = tf.function(warp_on_device, jit_compile=jit)(tf.constant(films), tf.constant(transforms)).numpy()
    theirs = warp(tf.cast(films, tf.float32)[..., None], transforms).numpy()
    # OpenCV rounds positions to 1/32 pixel.
    assert np.abs(ours - theirs)[:, 2:-2, 2:-2].mean() < 0.5
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.999


def test_no_transform_is_the_film():
    films = smooth_films(3)
    still = draw_transforms(Augmentation(0, 0, False), 3, 48, seed=0, epoch=0)
    assert warp_on_device(tf.constant(films), still).numpy()[..., 0] == pytest.approx(films.astype(float), abs=1e-2)


def trained(on_device):
    keras.utils.set_random_seed(0)
    gray = keras.Input((48, 48, 1))
    network = keras.Model(gray, layers.Dense(1)(layers.Flatten()(layers.Rescaling(1 / 255)(gray))))
    films, rows = smooth_films(20), np.arange(2, 20)
    parts = (rows, (rows % 2).astype(np.float32), np.ones(18, np.float32))
    drawn = {"batch_size": 5, "seed": 0, "epoch": 0, "augmentation": VARIED}
    if on_device:
        trainee, batches = DeviceFilms(network, films), index_batches(*parts, **drawn, side=48)
    else:
        trainee, batches = network, training_batches(films, *parts, **drawn)
    trainee.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), steps_per_execution=2)
    trainee.fit(batches, verbose=0)
    return network.get_weights()


def test_trains_as_films_in_the_batch_do():
    for ours, theirs in zip(trained(True), trained(False), strict=True):
        assert ours == pytest.approx(theirs, abs=1e-4)


def test_without_a_gpu_films_stay_where_they_are():
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    assert not fit_on_device(smooth_films(1))

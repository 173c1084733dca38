"""The training films' own mean and deviation, fixed in the network's first layer."""

import numpy as np
import pytest

from keras_cxr.errors import UsageError
from keras_cxr.models import build
from keras_cxr.training.normalization import fix_normalization, pixel_statistics


def test_statistics_are_numpys():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 16, 16), np.uint8)
    rows = np.array([1, 3, 3, 8])
    mean, variance = pixel_statistics(pixels, rows)
    assert mean == pytest.approx((pixels[rows] / 255).mean(), abs=1e-12)
    assert variance == pytest.approx((pixels[rows] / 255).var(), abs=1e-12)


def test_the_first_layer_normalizes_in_training_and_after():
    network = build("lenet5", classes=2, size=32, channels=3)
    fix_normalization(network, 0.4, 0.05)
    layer = network.get_layer("normalize")
    levels = np.random.default_rng(0).random((2, 4, 4, 3)).astype(np.float32)
    for training in (False, True):
        assert layer(levels, training=training).numpy() == pytest.approx((levels - 0.4) / np.sqrt(0.05), abs=1e-5)
    assert not layer.trainable_variables


def test_a_backbone_has_its_own():
    with pytest.raises(UsageError, match="must be 'batch' for resnet50"):
        fix_normalization(build("resnet50", classes=2, size=32, weights="none"), 0.4, 0.05)

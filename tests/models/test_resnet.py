"""ResNets of basic blocks against the same network in PyTorch, and with a weights file."""

import keras
import numpy as np
import pytest

from keras_cxr.models import build
from keras_cxr.models.freeze import backbone, is_frozen, unfreeze_from
from keras_cxr.models.layers import torchvision_input
from keras_cxr.models.resnet import basic_resnet

SIZE = 45


@pytest.fixture(scope="module")
def source():
    """A ResNet-18 whose BatchNorm is away from the initial values."""
    keras.utils.set_random_seed(0)
    model = basic_resnet(False, None, (SIZE, SIZE, 3), (2, 2, 2, 2))
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([generator.uniform(0.5, 1, weight.shape) for weight in layer.weights])
    return model


@pytest.fixture(scope="module")
def film():
    return np.random.default_rng(1).integers(0, 256, (2, SIZE, SIZE, 1)).astype("float32")


def _pytorch_features(source, pixels):
    """The published network, written with PyTorch's functions, on the weights of ``source``; odd and even sizes."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional

    def conv(x, name, stride):
        kernel = torch.tensor(source.get_layer(f"{name}_conv").get_weights()[0].transpose(3, 2, 0, 1))
        gamma, beta, mean, variance = map(torch.tensor, source.get_layer(f"{name}_bn").get_weights())
        x = functional.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        return functional.batch_norm(x, mean, variance, gamma, beta, eps=1e-5)

    x = conv(torch.tensor(pixels.transpose(0, 3, 1, 2)), "conv1", 2).relu()
    x = functional.max_pool2d(x, 3, 2, padding=1)
    for stage in (2, 3, 4, 5):
        for block in (1, 2):
            name, first = f"conv{stage}_block{block}", stage > 2 and block == 1
            shortcut = conv(x, f"{name}_0", 2) if first else x
            x = conv(conv(x, f"{name}_1", 2 if first else 1).relu(), f"{name}_2", 1)
            x = (x + shortcut).relu()
    return x.numpy().transpose(0, 2, 3, 1)


def test_features_equal_pytorch(source):
    pixels = np.random.default_rng(2).normal(size=(2, SIZE, SIZE, 3)).astype("float32")
    expected = _pytorch_features(source, pixels)
    np.testing.assert_allclose(source(pixels, training=False), expected, rtol=1e-4, atol=1e-5 * expected.max())


def test_torchvision_input(film):
    """``transforms.ToTensor`` and ``transforms.Normalize`` of torchvision's ImageNet weights."""
    gray = keras.Input((SIZE, SIZE, 1))
    expected = (film / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(keras.Model(gray, torchvision_input(gray))(film), expected, atol=1e-5)


def test_weights_file(source, film, tmp_path):
    source.save_weights(tmp_path / "a.weights.h5")
    network = build("resnet18", 2, size=SIZE, weights=tmp_path / "a.weights.h5")
    assert is_frozen(network)
    assert backbone(network).input_shape[-1] == 3
    gray = keras.Input((SIZE, SIZE, 1))
    expected = np.mean(source(keras.Model(gray, torchvision_input(gray))(film), training=False), axis=(1, 2))
    features = keras.Model(network.input, network.get_layer("pool").output)(film)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5 * expected.max())
    assert unfreeze_from(network, "conv5_block2_1_conv") == 2
    cut = build("resnet18", 2, size=SIZE, weights=tmp_path / "a.weights.h5", features_from="conv4_block2_out")
    assert cut.get_layer("pool").output.shape == (None, 256)


def test_from_scratch_sees_one_channel_and_trains_all(film):
    network = build("resnet34-gelu", 2, size=SIZE)
    inner = backbone(network)
    assert inner.input_shape[-1] == 1
    assert not is_frozen(network)
    activations = [layer for layer in inner.layers if isinstance(layer, keras.layers.Activation)]
    assert len(activations) == 33
    assert {layer.activation for layer in activations} == {keras.activations.gelu}
    assert np.isfinite(network(film, training=True)).all()

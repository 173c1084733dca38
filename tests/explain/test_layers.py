import keras
import pytest
from heatmap_networks import BUILDS, flat, operations
from keras import layers

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.layers import check_layer, default_layer, spatial_layers


def headed(size, channels, *parts):
    images = keras.Input((size, size, channels))
    features = images
    for part in parts:
        features = part(features)
    return keras.Model(images, layers.Dense(1, activation="sigmoid")(features))


def resnet_blocks(cut):
    """The last layers of two ResNet50 stages: residual sum, then activation."""
    images = keras.Input((32, 32, 1))
    features = layers.Conv2D(4, 3, padding="same")(images)
    for stage in ("conv4_block6", "conv5_block3")[: 1 if cut else 2]:
        branch = layers.Conv2D(4, 3, padding="same", name=f"{stage}_3_conv")(features)
        branch = layers.BatchNormalization(name=f"{stage}_3_bn")(branch)
        features = layers.Add(name=f"{stage}_add")([features, branch])
        features = layers.Activation("relu", name=f"{stage}_out")(features)
    return keras.Model(images, features, name="trunk")


def nested_resnet(cut):
    return headed(32, 1, resnet_blocks(cut), layers.GlobalAveragePooling2D())


def application(name):
    make = getattr(keras.applications, name)
    return headed(64, 3, make(weights=None, include_top=False, input_shape=(64, 64, 3), pooling="avg"))


TABLE = {
    **{name: (build, "relu") for name, build in BUILDS.items()},
    "cut": (lambda: nested_resnet(True), "conv4_block6_out"),
    "whole": (lambda: nested_resnet(False), "conv5_block3_out"),
    "fused": (
        lambda: headed(
            16, 1, layers.Conv2D(3, 3, activation="relu", name="conv"), layers.MaxPooling2D(), layers.Flatten()
        ),
        "conv",
    ),
    "one_by_one_after": (
        lambda: headed(
            16,
            1,
            layers.Conv2D(3, 3, name="conv"),
            layers.GlobalMaxPooling2D(keepdims=True),
            layers.Conv2D(2, 1, name="squeezed"),
            layers.Flatten(),
        ),
        "conv",
    ),
    "moved": (
        lambda: headed(
            16,
            1,
            layers.Conv2D(3, 3, name="conv"),
            layers.ReLU(name="relu"),
            layers.SpatialDropout2D(0.2),
            layers.ZeroPadding2D(),
            layers.Cropping2D(),
            layers.Permute((2, 1, 3)),
            layers.Flatten(),
        ),
        "relu",
    ),
    "VGG16": (lambda: application("VGG16"), "block5_conv3"),
    "MobileNetV2": (lambda: application("MobileNetV2"), "out_relu"),
}


@pytest.mark.parametrize("case", TABLE)
def test_default_layer(case):
    build, wanted = TABLE[case]
    assert default_layer(build()) == wanted


def test_default_layer_of_an_operation():
    model = operations()
    relu = next(one.name for one in model.operations if type(one).__name__ == "Relu")
    assert default_layer(model) == relu


@pytest.mark.parametrize("case", BUILDS)
def test_spatial_layers_in_order_of_execution(case):
    assert spatial_layers(BUILDS[case]()) == ["first", "second", "norm", "relu"]


def test_a_block_that_computes_outside_its_layers_is_itself_the_last():
    class Block(layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.conv = layers.Conv2D(1, 3, padding="same", name="inner")

        def call(self, images):
            return keras.ops.relu(images + self.conv(images))

    model = headed(8, 1, Block(), layers.GlobalAveragePooling2D())
    assert spatial_layers(model) == ["inner", "block"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rellu", "Unknown layer 'rellu'. Did you mean 'relu'[?] The default is 'relu'"),
        ("logits", "spatial map .* 'logits' with shape \\(None, 1\\). The nearest that has is 'relu'"),
        ("average", "nearest that has is 'relu'"),
    ],
)
def test_layers_that_cannot_be_shown(name, words):
    with pytest.raises(UsageError, match=words):
        check_layer(flat(), name)


def test_pooling_may_be_asked_for():
    check_layer(flat(), "pool")


def test_a_network_without_maps():
    with pytest.raises(CxrError, match="convolutional"):
        default_layer(headed(4, 1, layers.Flatten(name="flatten")))

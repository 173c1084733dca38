"""Depthwise convolutions that are written with groups give what Keras gives, by another operation."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_cxr.models import build
from keras_cxr.models.depthwise import quicken
from keras_cxr.models.saved_model import SavedModel

SIZE = 15
on_cpu = pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="left to Keras where there is a GPU")


def grouped(**options):
    images = keras.Input((SIZE, SIZE, 6))
    inner_in = keras.Input((SIZE, SIZE, 6))
    inner = keras.Model(inner_in, layers.Conv2D(name="grouped", **options)(inner_in))
    model = keras.Model(images, inner(images))
    draw = np.random.default_rng(0)
    model.set_weights([draw.normal(size=weight.shape) for weight in model.get_weights()])
    return model


def operations(model):
    """The kinds of operations that the model runs, also those within functions."""
    run = tf.function(lambda images: model(images))
    graph = run.get_concrete_function(tf.TensorSpec((2, SIZE, SIZE, 6))).graph.as_graph_def()
    return {node.op for one in (graph.node, *(inner.node_def for inner in graph.library.function)) for node in one}


@on_cpu
@pytest.mark.parametrize(
    "options",
    [
        {"filters": 6, "kernel_size": 7, "padding": "same"},
        {"filters": 6, "kernel_size": (3, 2), "activation": "relu", "use_bias": False},
        {"filters": 18, "kernel_size": 3, "strides": 2, "padding": "same"},
        {"filters": 12, "kernel_size": 3, "dilation_rate": 2},
        {"filters": 6, "kernel_size": 3, "dtype": "mixed_bfloat16"},
    ],
)
def test_gives_what_keras_gives(options):
    model = grouped(groups=6, **options)
    images = np.random.default_rng(1).normal(size=(2, SIZE, SIZE, 6)).astype("float32")
    wanted = model(images).numpy().astype("float32")
    assert "DepthwiseConv2dNative" not in operations(model)
    assert quicken(model) is model
    found = model(images)
    assert found.dtype == ("bfloat16" if "dtype" in options else "float32")
    np.testing.assert_allclose(found.numpy().astype("float32"), wanted, atol=0.1 if "dtype" in options else 1e-4)
    assert operations(model) & {"DepthwiseConv2dNative", "Conv2D"} == {"DepthwiseConv2dNative"}


@pytest.mark.parametrize(
    "options", [{"groups": 3}, {"groups": 1}, {"groups": 6, "strides": (1, 2)}], ids=["three", "one", "two strides"]
)
def test_leaves_other_convolutions_alone(options):
    model = grouped(filters=6, kernel_size=3, **options)
    quicken(model)
    assert all("convolution_op" not in vars(layer) for layer in model._flatten_layers())


def test_leaves_a_class_of_the_user_s_own_alone():
    class Doubled(layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return 2 * super().convolution_op(inputs, kernel)

    images = np.ones((1, SIZE, SIZE, 6), "float32")
    model = keras.Sequential([keras.Input((SIZE, SIZE, 6)), Doubled(6, 3, groups=6)])
    wanted = model(images)
    np.testing.assert_array_equal(quicken(model)(images), wanted)


@on_cpu
def test_networks_are_quick_as_built_and_as_loaded(tmp_path):
    built = build("convnexttiny", 2, size=32, weights="none")
    assert sum("convolution_op" in vars(layer) for layer in built._flatten_layers()) == 18
    model = grouped(filters=6, kernel_size=3, groups=6)
    model.save(tmp_path / "model.keras")
    assert "DepthwiseConv2dNative" in operations(SavedModel(tmp_path, None).network())
    assert "DepthwiseConv2dNative" not in operations(keras.models.load_model(tmp_path / "model.keras"))

import keras
import numpy as np
import pytest
import tensorflow as tf
from heatmap_networks import chain, films
from keras import layers

from keras_cxr.errors import UsageError
from keras_cxr.explain import network
from keras_cxr.explain.field import layer_grid
from keras_cxr.explain.layers import spatial_layers
from keras_cxr.explain.methods.gradcam import GradCAM
from keras_cxr.explain.ready import explainable
from keras_cxr.explain.upsample import upsample
from keras_cxr.models.network import build


def conv(kernel=3, strides=1, padding="valid", kind=layers.Conv2D, **options):
    if kind is not layers.DepthwiseConv2D:
        options["filters"] = 2
    return kind(kernel_size=kernel, strides=strides, padding=padding, **options)


def linear(model):
    """The same network where every place of a cell's receptive field has a gradient, and no other place."""

    def plain(layer):
        config = layer.get_config()
        if isinstance(layer, layers.MaxPooling2D):
            return layers.AveragePooling2D.from_config(config)
        if "activation" in config:
            config["activation"] = "linear"
        return type(layer).from_config(config)

    twin = keras.models.clone_model(model, clone_function=plain, recursive=True)
    for weight in twin.trainable_weights:
        kernel = len(weight.shape) > 1
        weight.assign(np.full(weight.shape, 1 / np.prod(weight.shape[:-1]) if kernel else 1.0))
    return twin


def seen_pixels(model, size):
    """Middle and ends of the input pixels that a map's middle cell depends on, and that cell: each (row, column)."""
    images = tf.ones((1, *size, model.input_shape[-1]))
    with tf.GradientTape() as tape:
        tape.watch(images)
        maps = model(images, training=False)
        cell = maps.shape[1] // 2, maps.shape[2] // 2
        value = tf.reduce_sum(maps[0, cell[0], cell[1]])
    support = tape.gradient(value, images).numpy()[0].sum(axis=-1) != 0
    centre, ends = [], []
    for axis, pixels in enumerate(size):
        places = np.flatnonzero(support.any(axis=1 - axis))
        assert 0 < places[0] <= places[-1] < pixels - 1, "the border would hide a part of the field"
        centre.append((places[0] + places[-1]) / 2)
        ends.append((places[0], places[-1] + 1))
    return centre, ends, cell


def assert_grid_is_seen(model, name, size):
    grid = layer_grid(model, name, size)
    centre, ends, cell = seen_pixels(linear(keras.Model(model.inputs, _output(model, name))), size)
    assert [axis.start + axis.step * i for axis, i in zip(grid, cell, strict=True)] == centre
    assert [axis.seen(i, pixels) for axis, i, pixels in zip(grid, cell, size, strict=True)] == ends


def _output(model, name):
    return model.output if name == model.layers[-1].name else model.get_layer(name).output


WINDOWS = {
    f"{kind.__name__}-{padding}-kernel{kernel}-stride{stride}": conv(kernel, stride, padding, kind)
    for kind in (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
    for padding in ("valid", "same")
    for kernel in (2, 3, 5)
    for stride in (1, 2)
}
POOLS = {
    f"{kind.__name__}-{padding}-{pool}-{stride}": kind(pool, stride, padding)
    for kind in (layers.MaxPooling2D, layers.AveragePooling2D)
    for padding in ("valid", "same")
    for pool, stride in ((2, None), (3, 2), ((2, 3), (3, 1)))
}
CHAINS = {
    "dilated_valid": [conv(dilation_rate=2)],
    "dilated_same": [conv(dilation_rate=(2, 3), padding="same"), conv(2, 2, "same")],
    "dilated_depthwise": [conv(kind=layers.DepthwiseConv2D, dilation_rate=2)],
    "uneven_windows": [conv((1, 5), padding="same"), conv((4, 2), (2, 2))],
    "grouped": [conv(), conv(groups=2, strides=2)],
    "padded_as_resnet": [
        layers.ZeroPadding2D(3),
        conv(7, 2),
        layers.ZeroPadding2D(1),
        layers.MaxPooling2D(3, 2),
        conv(1, 2),
    ],
    "padded_as_mobilenet": [
        layers.ZeroPadding2D(((0, 1), (2, 0))),
        conv(strides=2),
        layers.BatchNormalization(),
        layers.ReLU(),
    ],
    "cropped": [conv(strides=2), layers.Cropping2D(((1, 2), (3, 0))), conv(2), layers.Dropout(0.5)],
    "same_twice": [conv(3, 2, "same"), conv(3, 2, "same"), conv(3, 2, "same")],
    "nested": [
        layers.Rescaling(1 / 255),
        keras.Sequential([conv(3, 2), keras.Sequential([layers.MaxPooling2D(3, 2, "same"), conv(2)])]),
        conv(),
    ],
}


@pytest.mark.parametrize("case", [*WINDOWS, *POOLS, *CHAINS])
def test_cells_lie_in_the_middle_of_what_they_see(case):
    parts = CHAINS.get(case) or [conv(strides=2), (WINDOWS | POOLS)[case], conv()]
    images = keras.Input((None, None, 1))
    model = keras.Model(images, chain(images, parts))
    for size in ((40, 41), (43, 42)):
        assert_grid_is_seen(model, parts[-1].name, size)


def test_lmap3():
    grid = layer_grid(build("lmap3", 4), "conv5", (224, 224))
    assert [(axis.start, axis.step) for axis in grid] == [(38.5, 16), (38.5, 16)]
    assert_grid_is_seen(build("lmap3", 4), "conv5", (224, 224))


@pytest.mark.parametrize(
    ("name", "step", "size"),
    [("conv2_block3_out", 4, 96), ("conv3_block4_out", 8, 192), ("conv5_block3_out", 32, 544)],
)
def test_resnet50(name, step, size):
    model = keras.applications.ResNet50(weights=None, include_top=False)
    grid = layer_grid(model, name, (size, size))
    assert [(axis.start, axis.step) for axis in grid] == [(0, step), (0, step)]
    assert_grid_is_seen(model, name, (size, size))


class Block(layers.Layer):
    """Computes outside its layers, before and after them."""

    def __init__(self):
        super().__init__(name="last")
        self.main = conv()

    def call(self, images):
        bright = tf.cast(2 * images, tf.float32)
        return tf.nn.relu(self.main(bright) + 1)


def squeezed(x):
    weights = layers.Dense(2)(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return layers.Multiply(name="last")([layers.Reshape((1, 1, 2))(weights), x])


# From maps of a 32-pixel film after one convolution without padding, 30 cells from pixel 1: (start, step).
OTHERS = {
    "keras_ops": (lambda x: keras.ops.relu(x), 1, 1),
    "block": (lambda x: Block()(x), 2, 1),
    "squeeze_and_excitation": (squeezed, 1, 1),
    "mixed_precision": (lambda x: conv(dtype="mixed_float16", name="last")(x), 2, 1),
    "tokens": (lambda x: layers.Reshape((30, 30, 2), name="last")(layers.Dense(2)(layers.Reshape((900, 2))(x))), 1, 1),
    "up": (lambda x: layers.UpSampling2D(2, name="last")(x), 0.75, 0.5),
    "down": (lambda x: layers.Resizing(15, 15, name="last")(x), 1.5, 2),
    "transposed": (lambda x: layers.Conv2DTranspose(2, 2, 2, name="last")(x), 0.75, 0.5),
    "equal_branches": (lambda x: layers.Concatenate(name="last")([conv(3, 1, "same")(x), x]), 1, 1),
    # Middles 1 + 2i and 1 + 2i + 1.
    "branches": (lambda x: layers.Add(name="last")([conv(1, 2, "same")(x), conv(3, 2, "same")(x)]), 1.5, 2),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_layers(case):
    add, start, step = OTHERS[case]
    images = keras.Input((32, 32, 1))
    model = keras.Model(images, add(conv()(images)))
    grid = layer_grid(model, "last" if case != "keras_ops" else model.operations[-1].name, (32, 32))
    assert [(axis.start, axis.step) for axis in grid] == [(start, step)] * 2


def test_a_resized_film():
    images = keras.Input((None, None, 1))
    model = keras.Model(images, conv(name="last")(layers.Resizing(16, 10)(images)))
    rows, columns = layer_grid(model, "last", (32, 40))
    assert (rows.start, rows.step, columns.start, columns.step) == (2.5, 2, 5.5, 4)


def test_the_last_of_several_calls():
    images = keras.Input((20, 20, 1))
    shared = layers.Conv2D(1, 3, 2, name="twice")
    rows, _ = layer_grid(keras.Model(images, shared(shared(images))), "twice", (20, 20))
    assert (rows.start, rows.step) == (3, 4)


@pytest.mark.parametrize("name", ["cnn-small", "mobilenetv3small"])
def test_a_network_made_ready_knows_them_without_another_trace(name, monkeypatch):
    model = build(name, 2, size=64, weights="none")
    ready = explainable(model)
    # Each asked for by itself costs a trace: one in so many, and the last.
    some = spatial_layers(model, ready.steps)[::-12]
    wanted = {layer: layer_grid(model, layer, (64, 64)) for layer in some}
    monkeypatch.setattr(network, "layer_grid", None)
    assert {layer: ready.grid(layer, (64, 64)) for layer in wanted} == wanted


def test_a_map_that_comes_from_no_film_lies_over_all_of_it():
    class Constant(layers.Layer):
        def call(self, images):
            return tf.ones((1, 4, 4, 1))

    images = keras.Input((32, 32, 1))
    model = keras.Model(images, Constant(name="constant")(images))
    rows, columns = layer_grid(model, "constant", (32, 32))
    assert rows == columns
    assert (rows.start, rows.step) == (3.5, 8)


@pytest.mark.parametrize("name", ["conv6", "dense1"])
def test_no_map_of_that_name(name):
    with pytest.raises(UsageError, match=f"Unknown layer with a map '{name}'"):
        layer_grid(build("lmap3", 4), name, (224, 224))


def spots(size):
    """Convolutions without padding, each but the last with pooling; the score rises with what is bright."""
    images = keras.Input((*size, 1))
    options = {"kernel_initializer": "ones", "activation": "relu"}
    features = images
    for number in range(3):
        features = layers.Conv2D(1, 3, name=f"conv{number}", **options)(features)
        features = layers.MaxPooling2D()(features) if number < 2 else features
    logits = layers.Dense(1, kernel_initializer="ones")(layers.GlobalAveragePooling2D()(features))
    return keras.Model(images, layers.Activation("sigmoid")(logits))


@pytest.mark.parametrize("fixed", [True, False])
def test_the_strongest_place_lies_on_what_caused_it(fixed):
    size = (64, 48)
    method = GradCAM(spots(size if fixed else (None, None)), "conv2")
    axes = method.grid(size)
    # Near the map's border, where its corners put on the film's corners would be off by 6 pixels, and within.
    for cell in ((1, 1), (10, 6), (1, 6), (5, 2)):
        place = [axis.start + axis.step * i for axis, i in zip(axes, cell, strict=True)]
        film = np.zeros((1, *size, 1), "float32")
        film[0, int(place[0]) : int(place[0]) + 2, int(place[1]) : int(place[1]) + 2] = 255
        maps, _ = method.maps(film, 1)
        strongest = np.unravel_index(method.upsample(maps, size)[0].argmax(), size)
        np.testing.assert_allclose(strongest, place, atol=0.5)
        cornered = np.unravel_index(upsample(maps, size)[0].argmax(), size)
        assert cell == (5, 2) or np.abs(np.subtract(cornered, place)).max() > 5


def test_a_size_that_the_network_does_not_take():
    with pytest.raises(UsageError, match=r"input size \(64, 48\). Received: \(64, 64\)"):
        GradCAM(spots((64, 48)), "conv2").upsample(films(1, 4)[..., 0], (64, 64))

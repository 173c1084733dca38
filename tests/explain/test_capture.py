import keras
import numpy as np
import pytest
import tensorflow as tf
from heatmap_networks import BUILDS, films, flat, nested, seeded
from keras import layers

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.capture import capture, inner_layers
from keras_cxr.explain.scores import linear_output


@pytest.mark.parametrize("case", BUILDS)
@pytest.mark.parametrize("compiled", [False, True])
def test_captures_what_the_next_layer_receives(case, compiled):
    model = seeded(BUILDS[case]())
    logits = next(layer for layer in inner_layers(model) if layer.name == "logits")

    def run(images):
        with capture(model, "relu") as captured:
            output = model(images, training=False)
        return captured.output, output

    features, output = (tf.function(run, autograph=False) if compiled else run)(films())
    kernel, bias = logits.get_weights()
    by_hand = 1 / (1 + np.exp(-(features.numpy().mean(axis=(1, 2)) @ kernel + bias)))
    np.testing.assert_allclose(output, by_hand, atol=1e-5)


def test_the_last_of_several_calls():
    images = keras.Input((8, 8, 1))
    shared = layers.Conv2D(1, 1, kernel_initializer=keras.initializers.Constant(2), name="twice")
    model = keras.Model(images, shared(shared(images)))
    with capture(model, "twice") as captured:
        model(np.ones((1, 8, 8, 1), "float32"))
    np.testing.assert_array_equal(captured.output, np.full((1, 8, 8, 1), 4))


@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_restored(fails):
    model = seeded(nested(fused=True))
    before = model(films()).numpy()
    state = {id(layer): dict(vars(layer)) for layer in inner_layers(model)}
    try:
        with linear_output(model), capture(model, "relu"):
            assert np.abs(model(films()) - before).max() > 1e-3
            if fails:
                raise KeyError
    except KeyError:
        pass
    for layer in inner_layers(model):
        assert "call" not in vars(layer)
        assert vars(layer).keys() == state[id(layer)].keys()
    np.testing.assert_array_equal(model(films()), before)


def test_unknown_name():
    with pytest.raises(UsageError, match="Did you mean 'second'"), capture(flat(), "secnd"):
        pass


@pytest.mark.parametrize(
    "tail",
    [
        [layers.Dense(3), layers.Softmax()],
        [layers.Dense(3, activation="softmax"), layers.Activation("linear", dtype="float64")],
        [layers.Dense(3), layers.Activation("softmax"), layers.Dropout(0.5)],
        [keras.Sequential([layers.Dense(3), layers.Activation("softmax")])],
    ],
    ids=["softmax_layer", "cast_after", "dropout_after", "sequential_head"],
)
def test_linear_output(tail):
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), *tail])
    images = films(2, 4) / 255
    probabilities = model(images).numpy()
    with linear_output(model):
        logits = model(images).numpy()
    assert np.abs(logits.sum(axis=-1) - 1).max() > 1e-3
    np.testing.assert_allclose(keras.ops.softmax(logits), probabilities, atol=1e-5)
    np.testing.assert_array_equal(model(images), probabilities)


@pytest.mark.parametrize("tail", [[layers.Dense(2), layers.Normalization()], [layers.Dense(1), layers.ReLU()]])
def test_an_end_that_is_no_activation_to_take_off(tail):
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), *tail])
    with pytest.raises(CxrError, match="must end in a Keras activation"), linear_output(model):
        pass


def test_two_outputs_are_refused():
    images = keras.Input((4, 4, 1))
    model = keras.Model(images, [layers.Flatten()(images), layers.Flatten()(images)])
    with pytest.raises(UsageError, match="one output"), linear_output(model):
        pass

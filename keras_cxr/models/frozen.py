"""A network to a graph whose weights are constants, float32 throughout: what every converter can read."""

import contextlib
import functools

import keras
import tensorflow as tf

from keras_cxr.models.forward import logits_model


def frozen_logits(network: keras.Model):
    """The network up to its logits as a concrete function: films (batch, size, size, 1) float32 → (batch, units).

    A network trained in mixed precision is computed in float32: its weights are float32 already, and a CPU gains
    nothing from half precision in every layer.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = logits_model(_in_float32(network))
    shape = (None, *network.input_shape[1:])
    run = tf.function(
        lambda films: model(films, training=False), input_signature=[tf.TensorSpec(shape, tf.float32, name="films")]
    )
    with _depthwise(model):
        return convert_variables_to_constants_v2(run.get_concrete_function())


@contextlib.contextmanager
def _depthwise(model: keras.Model):
    """Within it, convolutions of one channel each (ConvNeXt's) are computed as depthwise ones.

    Keras traces grouped convolutions into a function of XLA, which no converter can read.
    """
    grouped = [
        layer
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.Conv2D) and 1 < layer.groups == layer.filters and layer.kernel.shape[2] == 1
    ]
    for layer in grouped:
        layer.convolution_op = functools.partial(_depthwise_convolution, layer)
    try:
        yield
    finally:
        for layer in grouped:
            del layer.convolution_op


def _depthwise_convolution(layer: keras.layers.Conv2D, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    kernel = keras.ops.transpose(kernel, (0, 1, 3, 2))
    return keras.ops.depthwise_conv(
        inputs, kernel, strides=layer.strides, padding=layer.padding, dilation_rate=layer.dilation_rate
    )


def _in_float32(network: keras.Model) -> keras.Model:
    config, changed = _float32_policies(network.get_config())
    if not changed:
        return network
    twin = type(network).from_config(config)
    twin.set_weights(network.get_weights())
    return twin


def _float32_policies(config):
    """A layer's configuration with every mixed dtype policy replaced, and whether there was one."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy" and config["config"]["name"].startswith("mixed"):
            return {**config, "config": {**config["config"], "name": "float32"}}, True
        parts = {key: _float32_policies(value) for key, value in config.items()}
        return {key: part for key, (part, _) in parts.items()}, any(changed for _, changed in parts.values())
    if isinstance(config, (list, tuple)):
        parts = [_float32_policies(value) for value in config]
        return type(config)(part for part, _ in parts), any(changed for _, changed in parts)
    return config, False

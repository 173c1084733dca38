"""Depthwise convolutions that Keras writes as a ``Conv2D`` with a group for each channel, as those of ConvNeXt."""

import functools

import keras
import tensorflow as tf
from keras import ops


def quicken(network: keras.Model) -> keras.Model:
    """Let them run as what they are, in place; results, weights and the files that Keras writes stay the same.

    On a CPU Keras compiles a convolution with groups by XLA, anew for every number of films, and its code is several
    times as slow as TensorFlow's depthwise convolution. With a GPU nothing is changed.

    Args:
        network: Built; layers may sit in inner models.

    Returns:
        The network.
    """
    if tf.config.list_physical_devices("GPU"):
        return network
    for layer in network._flatten_layers():
        # Not a class of the user's own, which may convolve in its own way.
        if type(layer) is keras.layers.Conv2D and _is_depthwise(layer):
            # vars(), not setattr(): Keras tracks what is set on a layer.
            vars(layer)["convolution_op"] = functools.partial(_convolve, layer)
    return network


def _is_depthwise(layer: keras.layers.Conv2D) -> bool:
    """Whether it is one that TensorFlow's depthwise convolution, of one stride for both sides, computes on a CPU."""
    one_stride = len(set(layer.strides)) == 1 and layer.data_format == "channels_last"
    return layer.groups > 1 and layer.kernel.shape[-2] == 1 and one_stride


def _convolve(layer: keras.layers.Conv2D, inputs, kernel):
    # The filters of a group stand side by side, as depthwise_conv gives them.
    by_channel = ops.reshape(kernel, (*layer.kernel_size, layer.groups, layer.filters // layer.groups))
    return ops.depthwise_conv(inputs, by_channel, layer.strides, layer.padding, dilation_rate=layer.dilation_rate)

"""The networks of VGG: Simonyan and Zisserman, Very deep convolutional networks, ICLR 2015."""

from collections.abc import Callable

import keras
from keras import layers

from keras_cxr.models.architecture import Plan
from keras_cxr.models.layers import caffe
from keras_cxr.models.scratch import pooled, scratch_network
from keras_cxr.models.transfer import backbone_of, transfer_network


def vgg_network(plan: Plan, application: Callable[..., keras.Model]) -> keras.Model:
    """The transfer network if the plan has weights; else VGG's convolutions, pooled and classified, from scratch."""
    if plan.weights:
        return transfer_network(plan, application, caffe)
    backbone = backbone_of(plan, application)
    for layer in backbone.layers:
        # Under Keras' default, Glorot's, each ReLU halves the variance: after sixteen the signal is gone.
        if isinstance(layer, layers.Conv2D):
            layer.kernel.assign(keras.initializers.HeNormal()(layer.kernel.shape))
    return scratch_network(plan, pooled(plan, backbone))

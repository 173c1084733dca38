"""Networks trained from scratch: rescaling and batch normalization of the gray levels, a body, a classifier."""

from collections.abc import Callable

import keras
from keras import layers

from keras_cxr.models.layers import classify, gray_input, repeat_gray
from keras_cxr.models.registry import Plan


def scratch_network(plan: Plan, body: Callable[[keras.KerasTensor], keras.KerasTensor]) -> keras.Model:
    """The network of ``plan`` around ``body``: (batch, size, size, channels) normalized to a feature vector."""
    gray = gray_input(plan.size)
    x = layers.Rescaling(1 / 255, dtype="float32", name="rescale")(gray)
    x = repeat_gray(x, plan.channels)
    x = layers.BatchNormalization(dtype="float32", name="normalize")(x)
    return keras.Model(gray, classify(body(x), plan.classes), name=plan.name)

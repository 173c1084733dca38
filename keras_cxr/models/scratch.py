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
    # At Keras's momentum of 0.99 the averages of a small data set's first epochs are still those of the start, and the
    # validation films would be seen as brighter than the training films.
    x = layers.BatchNormalization(momentum=0.9, dtype="float32", name="normalize")(x)
    return keras.Model(gray, classify(body(x), plan.classes), name=plan.name)

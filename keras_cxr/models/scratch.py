"""Networks trained from scratch: preprocessing of the gray levels, a body, a classifier."""

from collections.abc import Callable

import keras
from keras import layers

from keras_cxr.models.architecture import Plan
from keras_cxr.models.layers import classify, gray_input, repeat_gray


def standardize(gray: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Gray levels 0–255 (…, 1) to (…, channels) of about mean 0 and variance 1 over the training films."""
    x = layers.Rescaling(1 / 255, dtype="float32", name="rescale")(gray)
    x = repeat_gray(x, channels)
    # At Keras's momentum of 0.99 the averages of a small data set's first epochs are still those of the start, and the
    # validation films would be seen as brighter than the training films.
    normalize = layers.BatchNormalization(momentum=0.9, dtype="float32", name="normalize")
    x = normalize(x)
    # The first convolution learns any gain and offset itself. Learnt here, they would need the gradient at its input:
    # a third of a step of LMAP3, half of one of AlexNet.
    normalize.gamma.trainable = normalize.beta.trainable = False
    return x


def zero_to_one(gray: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """Gray levels 0–255 (…, 1) to (…, channels) in [0, 1]."""
    return repeat_gray(layers.Rescaling(1 / 255, dtype="float32", name="rescale")(gray), channels)


def scratch_network(
    plan: Plan,
    body: Callable[[keras.KerasTensor], keras.KerasTensor],
    preprocess: Callable[[keras.KerasTensor, int], keras.KerasTensor] = standardize,
) -> keras.Model:
    """The network of ``plan`` around ``body``.

    Args:
        plan: What to build.
        body: (batch, size, size, channels), preprocessed, to a feature vector.
        preprocess: Of the gray levels, given the number of channels.
    """
    gray = gray_input(plan.size)
    features = body(preprocess(gray, plan.channels))
    return keras.Model(gray, classify(features, plan.classes, plan.multi_label), name=plan.name)


def pooled(plan: Plan, backbone: keras.Model) -> Callable[[keras.KerasTensor], keras.KerasTensor]:
    """A body: the backbone, the average of each of its maps (``pool``; vectors stay), dropout."""

    def body(x: keras.KerasTensor) -> keras.KerasTensor:
        # Pretrained: BatchNorm keeps to the statistics of the weights file, also after unfreezing.
        x = backbone(x, **({"training": False} if plan.weights else {}))
        pool = layers.GlobalAveragePooling2D if len(x.shape) == 4 else layers.Identity
        return layers.Dropout(plan.dropout, name="dropout")(pool(name="pool")(x))

    return body

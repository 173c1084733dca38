"""The parts that networks of this package share: what stands before the body and what after it."""

import keras
from keras import layers


def gray_input(size: int) -> keras.KerasTensor:
    """The input of every network: (batch, size, size, 1) float32 gray levels 0–255."""
    return keras.Input((size, size, 1), dtype="float32", name="gray")


def repeat_gray(gray: keras.KerasTensor, channels: int) -> keras.KerasTensor:
    """(…, 1) to (…, channels), each the same; 1 channel stays as it is."""
    if channels == 1:
        return gray
    return layers.Concatenate(name="repeat_gray", dtype="float32")([gray] * channels)


def caffe(gray: keras.KerasTensor) -> keras.KerasTensor:
    """Gray levels 0–255 (…, 1) to what ResNet and VGG of keras.applications expect: (…, 3) BGR less ImageNet's means.

    The three channels are equal, so only the order of the means matters. Equal to
    ``keras.applications.resnet50.preprocess_input`` on the repeated gray levels.
    """
    # float32 even under a mixed policy: bfloat16 would round the means to whole gray levels.
    means = layers.Normalization(
        mean=[103.939, 116.779, 123.68], variance=[1.0, 1.0, 1.0], dtype="float32", name="caffe"
    )
    return means(repeat_gray(gray, 3))


def torchvision_input(gray: keras.KerasTensor) -> keras.KerasTensor:
    """Gray levels 0–255 (…, 1) to what torchvision's ImageNet weights expect: (…, 3) RGB of mean 0 and variance 1.

    Means 0.485, 0.456, 0.406 and deviations 0.229, 0.224, 0.225 of levels in [0, 1].
    """
    normalize = layers.Normalization(
        mean=[255 * mean for mean in (0.485, 0.456, 0.406)],
        variance=[(255 * deviation) ** 2 for deviation in (0.229, 0.224, 0.225)],
        dtype="float32",
        name="torchvision",
    )
    return normalize(repeat_gray(gray, 3))


def minus_one_to_one(gray: keras.KerasTensor, channels: int = 3) -> keras.KerasTensor:
    """Gray levels 0–255 (…, 1) to (…, channels) in [−1, 1], as MobileNet V1 and V2, Inception and Xception expect."""
    return repeat_gray(layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name="rescale")(gray), channels)


def rgb(gray: keras.KerasTensor) -> keras.KerasTensor:
    """Gray levels 0–255 (…, 1) to (…, 3), for applications that hold their preprocessing themselves."""
    return repeat_gray(gray, 3)


def classify(features: keras.KerasTensor, classes: int, multi_label: bool = False) -> keras.KerasTensor:
    """Feature vectors to probabilities: ``logits``, then ``probability`` in float32.

    Two classes: one sigmoid, the probability of the second class. More: a softmax. Multi-label: a sigmoid a class.
    """
    two = classes == 2 and not multi_label
    logits = layers.Dense(1 if two else classes, dtype="float32", name="logits")(features)
    activation = "sigmoid" if two or multi_label else "softmax"
    return layers.Activation(activation, dtype="float32", name="probability")(logits)

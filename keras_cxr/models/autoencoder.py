"""A convolutional autoencoder with a narrow waist: what it has learnt to draw of a film, it draws; the rest is left.

As Mao et al. (Abnormality detection in chest X-ray images using uncertainty prediction autoencoders, MICCAI 2020)
train for comparison on normal chest films of 64 × 64 pixels: strided convolutions, 16 numbers at the waist, mean
squared error. For its kin see Baur et al. (Autoencoders for unsupervised anomaly segmentation in brain MR images,
Medical Image Analysis 2021).
"""

import keras
from keras import layers

from keras_cxr.errors import UsageError
from keras_cxr.models.layers import gray_input

SIZES = (32, 64, 128, 256)
# Filters at each halving, down to maps of 4 × 4; further ones have the last number.
FILTERS, SMALLEST_MAP = (16, 32, 64, 64), 4
DENSE = 512


def build_autoencoder(size: int = 64, latent: int = 16) -> keras.Model:
    """An uncompiled autoencoder.

    Input: (batch, size, size, 1) float32 gray levels 0–255. Output ``reconstruction``: the same form and scale, not
    clipped. The layer ``latent`` gives the waist, (batch, latent).

    Args:
        size: Side in pixels, one of ``SIZES``.
        latent: Width of the waist.

    Raises:
        UsageError: Another size.
    """
    if size not in SIZES:
        raise UsageError(
            f"The autoencoder's size must be one of {', '.join(map(str, SIZES))}. Received: {size}. Try 64."
        )
    halvings = (size // SMALLEST_MAP).bit_length() - 1
    filters = [FILTERS[min(level, len(FILTERS) - 1)] for level in range(halvings)]
    gray = gray_input(size)
    x = layers.Rescaling(1 / 255, name="rescale")(gray)
    for level, width in enumerate(filters, 1):
        x = _tidied(layers.Conv2D(width, 4, strides=2, padding="same", use_bias=False, name=f"down{level}")(x))
    shape = x.shape[1:]
    x = _tidied(layers.Dense(DENSE, use_bias=False, name="narrow")(layers.Flatten(name="flat")(x)))
    x = layers.Dense(latent, name="latent")(x)
    x = _tidied(layers.Dense(DENSE, use_bias=False, name="widen")(x))
    x = _tidied(layers.Dense(shape[0] * shape[1] * shape[2], use_bias=False, name="maps")(x))
    x = layers.Reshape(shape, name="square")(x)
    for level, width in reversed(list(enumerate(filters[:-1], 1))):
        up = layers.Conv2DTranspose(width, 4, strides=2, padding="same", use_bias=False, name=f"up{level + 1}")
        x = _tidied(up(x))
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same", dtype="float32", name="up1")(x)
    return keras.Model(gray, layers.Rescaling(255.0, dtype="float32", name="reconstruction")(x), name="autoencoder")


def _tidied(x: keras.KerasTensor) -> keras.KerasTensor:
    # A training is some hundred steps long: the running means must follow faster than Keras's default lets them.
    return layers.Activation("relu")(layers.BatchNormalization(momentum=0.9)(x))

"""A small U-Net for lung fields (Ronneberger, Fischer, Brox, MICCAI 2015): fewer filters, batch normalisation."""

import keras
from keras import layers

from keras_cxr.errors import UsageError
from keras_cxr.models.layers import gray_input

# Filters of each level as multiples of the first; four times halved, a level sees the whole film.
WIDTHS = (1, 2, 3, 4, 4)
STEP = 2 ** (len(WIDTHS) - 1)


def build_unet(size: int = 128, filters: int = 16) -> keras.Model:
    """An uncompiled U-Net.

    Input: (batch, size, size, 1) float32 gray levels 0–255; each film is brought to mean 0 and variance 1 inside, so
    that exposure and window matter little. Output ``probability``: (batch, size, size, 1) float32 in [0, 1], before it
    ``logits``.

    Args:
        size: Side in pixels, a multiple of 16.
        filters: Of the first level.

    Raises:
        UsageError: A size that cannot be halved four times.
    """
    if size < 2 * STEP or size % STEP:
        raise UsageError(f"The size must be a multiple of {STEP}, {2 * STEP} or more. Received: {size}. Try 128.")
    gray = gray_input(size)
    x = layers.Rescaling(1 / 255, name="rescale")(gray)
    x = layers.LayerNormalization(axis=(1, 2, 3), epsilon=1e-4, center=False, scale=False, name="standardise")(x)
    skips = []
    for level, width in enumerate(WIDTHS):
        if level:
            x = layers.MaxPooling2D(name=f"down{level}")(x)
        x = _convolve(x, width * filters, f"down{level}_1")
        x = _convolve(x, width * filters, f"down{level}_2")
        skips.append(x)
    for level in reversed(range(len(WIDTHS) - 1)):
        # Narrowed before it is enlarged: the same sums on a quarter of the pixels.
        x = layers.Conv2D(WIDTHS[level] * filters, 1, name=f"up{level}_narrow")(x)
        x = layers.UpSampling2D(name=f"up{level}")(x)
        x = layers.Concatenate(name=f"up{level}_join")([skips[level], x])
        x = _convolve(x, WIDTHS[level] * filters, f"up{level}_1")
    logits = layers.Conv2D(1, 1, dtype="float32", name="logits")(x)
    return keras.Model(gray, layers.Activation("sigmoid", dtype="float32", name="probability")(logits), name="unet")


def _convolve(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)
    # A training is some hundred steps long: the running means must follow faster than Keras's default lets them.
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)

"""Precision and devices of a training."""

import contextlib
import functools

import keras
import tensorflow as tf

from keras_cxr.errors import UsageError

PRECISIONS = ("auto", "float32", "mixed_float16", "mixed_bfloat16")


def resolve_precision(precision: str) -> str:
    """The dtype policy that 'auto' stands for here: mixed_float16 with a GPU, float32 without."""
    if precision not in PRECISIONS:
        raise UsageError(f"The '--precision' option must be one of {', '.join(PRECISIONS)}. Received: {precision}.")
    if precision != "auto":
        return precision
    return "mixed_float16" if tf.config.list_physical_devices("GPU") else "float32"


@contextlib.contextmanager
def dtype_policy(policy: str):
    """Set Keras's global dtype policy within the block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@functools.cache
def strategy() -> tf.distribute.Strategy:
    """One replica a GPU of this machine where it has several, otherwise the default; always the same object.

    TensorFlow mixes up what two mirrored strategies in one process exchange between the same devices.
    """
    gpus = tf.config.list_logical_devices("GPU")
    return tf.distribute.MirroredStrategy() if len(gpus) > 1 else tf.distribute.get_strategy()

"""A name to an uncompiled Keras model; the saved-model folder. Importing this package does not import TensorFlow."""

from keras_cxr.models.network import build

__all__ = ["build"]

"""Keras itself on TensorFlow: needs no file but ``model.keras``, and is what the other runtimes are held to."""

import pathlib

import numpy as np

from keras_cxr.models.saved_model import open_model
from keras_cxr.prediction.serving.runtimes import Run

PRECISIONS = ("float32",)
PACKAGES = ("tensorflow", "keras")


def files(precision: str) -> tuple[str, ...]:
    """None of its own."""
    return ()


def available() -> str:
    """Always."""
    return ""


def exportable(precision: str) -> str:
    """Always."""
    return ""


def export(network, folder: pathlib.Path, precision: str, calibration: np.ndarray) -> None:
    """Nothing to write."""


def load(folder: pathlib.Path, precision: str, size: int) -> Run:
    """The network in the saved model that ``folder`` lies in."""
    from keras_cxr.models.forward import forward

    return forward(open_model(folder.parent).network())

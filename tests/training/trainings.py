"""Small trainings, broken ones among them, and saved models compared to the last bit."""

import dataclasses
import pathlib

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers

from keras_cxr.data.source import read_dataset
from keras_cxr.training import train as train_module
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.recipe import Recipe

TINY = Recipe(architecture="lenet5", size=32, batch_size=16, epochs=2, learning_rate=3e-3)


class Killed(BaseException):
    """What no code catches, as a kill."""


class KilledIn(Monitor):
    """Kills the training after the first batch of an epoch, or, ``ended``, when its row is written."""

    def __init__(self, epoch, ended=False):
        self.epoch_number, self.ended, self.stretch = epoch, ended, ""

    def start(self, what, steps):
        self.stretch = what

    def advance(self, steps=1):
        if self.stretch == f"Epoch {self.epoch_number}" and not self.ended:
            raise Killed

    def epoch(self, row, total):
        if row["epoch"] == self.epoch_number:
            raise Killed


def trained(films, folder, recipe=TINY, monitor=None, resume=False, **changes):
    """Train on the folder ``films``; ``changes`` are of the recipe. There is no figure, a fifth of the time."""
    recipe = dataclasses.replace(recipe, **changes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_module, "learning_curves", lambda *_, **__: None)
        return train_module.train(read_dataset(films), recipe, folder, monitor, resume, runtimes=False)


def network_of(folder: pathlib.Path) -> keras.Model:
    """The network of a saved model, read by Keras alone."""
    return keras.models.load_model(folder / "model.keras", compile=False)


def same_weights(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) and all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def history_of(folder: pathlib.Path) -> pd.DataFrame:
    """The history but for the clock."""
    return pd.read_csv(folder / "history.csv").drop(columns="seconds")


def small_application(include_top, weights, input_shape):
    """Two residual blocks with batch normalisation, in the manner and with the arguments of keras.applications."""
    assert not include_top
    assert weights is None
    start = x = keras.Input(input_shape)
    for block in (1, 2):
        x = layers.Conv2D(8, 3, strides=2, padding="same", name=f"block{block}_0_conv")(x)
        shortcut = x
        x = layers.Conv2D(8, 3, padding="same", name=f"block{block}_1_conv")(x)
        x = layers.BatchNormalization(name=f"block{block}_1_bn")(x)
        x = layers.Add(name=f"block{block}_add")([x, shortcut])
        x = layers.Activation("relu", name=f"block{block}_out")(x)
    return keras.Model(start, x, name="small")


def write_backbone(file: pathlib.Path, size: int = 32, seed: int = 0) -> pathlib.Path:
    """Weights of ``small_application`` in a file, drawn by chance from a fixed seed."""
    model, rng = small_application(False, None, (size, size, 3)), np.random.default_rng(seed)
    low, high = {1: 0.5, 4: -0.1}, {1: 1.0, 4: 0.1}
    model.set_weights([rng.uniform(low[one.ndim], high[one.ndim], one.shape) for one in model.get_weights()])
    model.save_weights(file)
    return file

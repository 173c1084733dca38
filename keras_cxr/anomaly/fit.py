"""The training loop of the autoencoder: best epoch by validation error, everything drawn from (seed, epoch)."""

import math
import time

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from keras_cxr.anomaly.prepare import AnomalyData
from keras_cxr.anomaly.settings import AnomalySettings
from keras_cxr.data.augment import Augmentation
from keras_cxr.data.pipeline import plain_batches, training_batches
from keras_cxr.errors import CxrError
from keras_cxr.training.monitor import Monitor

# A flip would make a heart on the right look normal.
AUGMENTATION = Augmentation(rotation=5.0, zoom=0.05, flip=False)


def squared_error(films, drawn):
    """Mean squared difference of gray levels (batch, H, W, 1) 0–255 as shares of the gray scale, one value a film."""
    return ops.mean(ops.square(films - drawn), (1, 2, 3)) / 255**2


def fit(network: keras.Model, data: AnomalyData, settings: AnomalySettings, monitor: Monitor) -> list[dict]:
    """Train ``network`` in place with Adam and leave it with the weights of its best epoch.

    Args:
        network: From ``models.autoencoder.build_autoencoder``.
        data: Normal films with splits.
        settings: Epochs, batch size, learning rate and seed.
        monitor: Told of each epoch.

    Returns:
        The history: one row an epoch with ``epoch, loss, val_loss, learning_rate, seconds``.

    Raises:
        CxrError: The loss is no longer finite.
    """
    # XLA on a CPU compiles for long and then runs the convolutions slower.
    compiled = "auto" if tf.config.list_physical_devices("GPU") else False
    network.compile(keras.optimizers.Adam(settings.learning_rate), squared_error, jit_compile=compiled)
    # Else it is built within the first step, which TensorFlow then traces twice.
    network.optimizer.build(network.trainable_variables)
    rows, held_out = data.rows("train"), data.rows("val")
    history, weights = [], None
    for epoch in range(settings.epochs):
        started = time.monotonic()
        rate = settings.learning_rate * (1 + math.cos(math.pi * epoch / settings.epochs)) / 2
        network.optimizer.learning_rate = rate
        monitor.start(f"Epoch {epoch + 1}", math.ceil(len(rows) / settings.batch_size))
        trained = network.fit(
            _batches(data, rows, settings, epoch), shuffle=False, verbose=0, callbacks=[_Progress(monitor)]
        )
        pairs = plain_batches(data.pixels, held_out, settings.batch_size).map(lambda films: (films, films))
        row = {"epoch": epoch + 1, "loss": float(trained.history["loss"][-1])}
        row["val_loss"] = float(network.evaluate(pairs, verbose=0))
        if not np.isfinite(row["val_loss"]):
            raise CxrError(f"The training has diverged in epoch {epoch + 1}. Train anew with another --seed.")
        history.append(row | {"learning_rate": rate, "seconds": time.monotonic() - started})
        if best_row(history) is history[-1]:
            weights = network.get_weights()
        monitor.epoch(history[-1], settings.epochs)
    network.set_weights(weights)
    return history


def best_row(history: list[dict]) -> dict:
    """The row of the smallest validation error; of equal ones the earlier."""
    return min(history, key=lambda row: row["val_loss"])


def _batches(data: AnomalyData, rows: np.ndarray, settings: AnomalySettings, epoch: int):
    batches = training_batches(
        data.pixels,
        rows,
        np.zeros(len(rows), np.float32),
        np.ones(len(rows), np.float32),
        batch_size=settings.batch_size,
        seed=settings.seed,
        epoch=epoch,
        augmentation=AUGMENTATION,
    )
    return batches.map(lambda films, target, weight: (films, films))


class _Progress(keras.callbacks.Callback):
    def __init__(self, monitor: Monitor):
        super().__init__()
        self._monitor = monitor

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._monitor.advance()

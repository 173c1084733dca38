"""The training loop of the lung network: best epoch by validation Dice, everything drawn from (seed, epoch)."""

import math
import time
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy.special import logit

from keras_cxr.data.pipeline import plain_batches
from keras_cxr.lungs.batches import training_batches
from keras_cxr.lungs.find import BATCH
from keras_cxr.lungs.prepare import LungData
from keras_cxr.lungs.settings import LungSettings
from keras_cxr.models.forward import forward, logits_model

THRESHOLDS = np.round(np.arange(0.3, 0.71, 0.05), 2)


def dice_and_cross_entropy(truth, logits):
    """Soft Dice loss (Milletari et al., 3DV 2016, without squares) plus binary cross-entropy, one value a film.

    Args:
        truth: (batch, H, W, 1) in [0, 1].
        logits: Of the same form.
    """
    axes = (1, 2, 3)
    found = ops.sigmoid(logits)
    common = ops.sum(truth * found, axes)
    overlap = (2 * common + 1) / (ops.sum(truth, axes) + ops.sum(found, axes) + 1)
    return 1 - overlap + ops.mean(ops.binary_crossentropy(truth, logits, from_logits=True), axes)


def fit(
    network: keras.Model, data: LungData, settings: LungSettings, epoch_done: Callable[[dict, int], None]
) -> list[dict]:
    """Train ``network`` in place with Adam and leave it with the weights of its best epoch.

    Args:
        network: From ``models.unet.build_unet``.
        data: Films and masks with splits.
        settings: Epochs, batch size, learning rate and seed.
        epoch_done: Called with the epoch's row and the number of epochs.

    Returns:
        The history: one row an epoch with ``epoch, loss, val_dice, learning_rate, seconds``.
    """
    trainee = logits_model(network)
    # XLA on a CPU compiles for long and then runs the convolutions slower.
    compiled = "auto" if tf.config.list_physical_devices("GPU") else False
    trainee.compile(keras.optimizers.Adam(settings.learning_rate), dice_and_cross_entropy, jit_compile=compiled)
    # Else it is built within the first step, which TensorFlow then traces twice.
    trainee.optimizer.build(trainee.trainable_variables)
    run, rows, history, weights = forward(network), data.rows("train"), [], None
    for epoch in range(settings.epochs):
        started = time.monotonic()
        rate = settings.learning_rate * (1 + math.cos(math.pi * epoch / settings.epochs)) / 2
        trainee.optimizer.learning_rate = rate
        batches = training_batches(
            data.films, data.masks, rows, batch_size=settings.batch_size, seed=settings.seed, epoch=epoch
        )
        loss = trainee.fit(batches, shuffle=False, verbose=0).history["loss"][-1]
        dice = float(validation_dice(run, data, [0.5])[0])
        row = {"epoch": epoch + 1, "loss": float(loss), "val_dice": dice, "learning_rate": rate}
        history.append(row | {"seconds": time.monotonic() - started})
        if best_row(history) is history[-1]:
            weights = network.get_weights()
        epoch_done(history[-1], settings.epochs)
    network.set_weights(weights)
    return history


def best_row(history: list[dict]) -> dict:
    """The row of the highest validation Dice; of equal ones the earlier."""
    return max(history, key=lambda row: row["val_dice"])


def validation_dice(run: Callable, data: LungData, thresholds: Sequence[float]) -> np.ndarray:
    """Mean Dice over the validation films, on the canvas, at each of the thresholds: (thresholds,) float64."""
    rows = data.rows("val")
    found = np.concatenate([run(batch)[..., 0] for batch in plain_batches(data.films, rows, BATCH)])
    truth = data.masks[rows] > 127
    sums = []
    for threshold in thresholds:
        inside = found >= logit(threshold)
        areas = truth.sum(axis=(1, 2)) + inside.sum(axis=(1, 2))
        sums.append(np.mean(2 * (truth & inside).sum(axis=(1, 2)) / np.maximum(areas, 1)))
    return np.array(sums)

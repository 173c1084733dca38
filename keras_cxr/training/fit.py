"""The training loop: one ``fit`` an epoch, its films drawn from (seed, epoch), a checkpoint after each."""

import time

import keras
import numpy as np
import tensorflow as tf
from scipy.special import log_expit, log_softmax

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.auroc import auroc
from keras_cxr.models.freeze import unfreeze_from
from keras_cxr.training.checkpoint import Checkpoint
from keras_cxr.training.control import Phase, best_row, phases, standing
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.stage import FeatureStage, FilmStage, make_stage


def fit(network: keras.Model, data: Prepared, recipe: Recipe, checkpoint: Checkpoint, monitor: Monitor) -> list[dict]:
    """Train ``network`` in place and leave it with its best weights.

    A ``checkpoint`` with history is gone on from: the weights in the end are those of an unbroken training.

    Returns:
        The history: one row an epoch with ``epoch, phase, loss, accuracy, val_loss, val_auroc, val_accuracy,
        learning_rate, seconds``.

    Raises:
        CxrError: The loss is no longer finite.
    """
    total = sum(phase.epochs for phase in phases(recipe))
    for phase in phases(recipe):
        if phase.name == "fine-tune":
            unfreeze_from(network, recipe.unfreeze)
        stage = make_stage(network, data, recipe, monitor)
        _compile(stage.model, phase)
        # With Dropout's seed states, which are variables but no weights. What the phase leaves as it was is not saved
        # again and again, unless a later phase changes it.
        weights = network.variables if recipe.unfreeze else stage.model.variables
        state = [*weights, *stage.model.optimizer.variables]
        rows = [row for row in checkpoint.history if row["phase"] == phase.name]
        # The last weights of a finished phase are not needed, and no longer kept once the next one is under way.
        if rows and not standing(phase, checkpoint.history, recipe).finished:
            checkpoint.restore(rows[-1]["epoch"], state)
        while not (now := standing(phase, checkpoint.history, recipe)).finished:
            epoch = len(checkpoint.history)
            started = time.monotonic()
            stage.model.optimizer.learning_rate = now.learning_rate
            row = {"epoch": epoch + 1, "phase": phase.name}
            row |= _one_epoch(stage, epoch, monitor)
            row |= _validate(stage) | {"learning_rate": now.learning_rate, "seconds": time.monotonic() - started}
            if not np.isfinite(row["val_loss"]):
                raise CxrError(
                    f"The training has diverged: the loss of epoch {epoch + 1} is {row['val_loss']}. "
                    f"Train anew with a lower learning rate than {now.learning_rate:g}."
                )
            checkpoint.save(row, state)
            monitor.epoch(row, total)
        checkpoint.restore(best_row(checkpoint.history)["epoch"], weights)
    return checkpoint.history


def _compile(trainee: keras.Model, phase: Phase) -> None:
    two = trainee.output_shape[-1] == 1
    trainee.compile(
        optimizer=keras.optimizers.Adam(phase.learning_rate),
        loss=keras.losses.BinaryCrossentropy(from_logits=True)
        if two
        else keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0) if two else "accuracy"],
        # XLA on a CPU compiles for a minute and then runs the convolutions slower.
        jit_compile="auto" if tf.config.list_physical_devices("GPU") else False,
    )
    trainee.optimizer.build(trainee.trainable_variables)


def _one_epoch(stage: FilmStage | FeatureStage, epoch: int, monitor: Monitor) -> dict:
    batches = stage.batches(epoch)
    films, devices = len(stage.rows), tf.distribute.get_strategy().num_replicas_in_sync
    if devices > 1:
        # Keras fails where the devices' shares of a batch differ; the films left over are others in every epoch.
        size = max(devices, min(stage.recipe.batch_size, films) // devices * devices)
        batches = batches.rebatch(size, drop_remainder=True)
        batches = batches.apply(tf.data.experimental.assert_cardinality(films // size))
    monitor.start(f"Epoch {epoch + 1}", len(batches))
    told = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: monitor.advance())
    trained = stage.model.fit(
        batches, epochs=epoch + 1, initial_epoch=epoch, shuffle=False, verbose=0, callbacks=[told]
    )
    return {name: float(values[-1]) for name, values in trained.history.items()}


def _validate(stage: FilmStage | FeatureStage) -> dict:
    logits, targets = stage.validation_logits(), stage.data.targets(stage.data.rows("val"))
    chosen = logits[:, 0] > 0 if logits.shape[1] == 1 else logits.argmax(axis=1)
    return {
        "val_loss": cross_entropy(logits, targets),
        "val_auroc": mean_auroc(logits, targets),
        "val_accuracy": float((chosen == targets).mean()),
    }


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Mean cross-entropy in nats of logits (n, 1) or (n, classes) against class numbers (n,)."""
    if logits.shape[1] == 1:
        return float(-log_expit(np.where(targets == 1, logits[:, 0], -logits[:, 0])).mean())
    return float(-log_softmax(logits, axis=1)[np.arange(len(targets)), targets].mean())


def mean_auroc(logits: np.ndarray, targets: np.ndarray) -> float:
    """AUROC of two classes, or the mean of one class against the rest."""
    if logits.shape[1] == 1:
        return auroc(targets == 1, logits[:, 0])
    scores = log_softmax(logits, axis=1)
    return float(np.mean([auroc(targets == index, scores[:, index]) for index in range(logits.shape[1])]))

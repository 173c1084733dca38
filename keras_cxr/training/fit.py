"""The training loop: one ``fit`` an epoch, its films drawn from (seed, epoch), a checkpoint after each."""

import math
import time

import keras
import numpy as np
import tensorflow as tf
from scipy.special import log_expit, log_softmax

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.auroc import auroc
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.models.freeze import unfreeze_from
from keras_cxr.training.average import Average
from keras_cxr.training.checkpoint import Checkpoint
from keras_cxr.training.control import Phase, phases, standing
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.objective import make_loss, make_optimizer
from keras_cxr.training.prepare import Prepared
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.stage import FeatureStage, FilmStage, make_stage

STEPS_ON_GPU = 16


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
        average = compile_stage(stage, phase)
        # With Dropout's seed states, which are variables but no weights. What the phase leaves as it was is not saved
        # again and again, unless a later phase changes it.
        weights = network.variables if recipe.unfreeze else stage.model.variables
        state = [*weights, *stage.model.optimizer.variables, *average.variables]
        rows = [row for row in checkpoint.history if row["phase"] == phase.name]
        # The last weights of a finished phase are not needed, and no longer kept once the next one is under way.
        if rows and not standing(phase, checkpoint.history, recipe).finished:
            checkpoint.restore(rows[-1]["epoch"], state)
        while not (now := standing(phase, checkpoint.history, recipe)).finished:
            row = _one_epoch(stage, phase, now.learning_rate, average, len(checkpoint.history), monitor)
            if not np.isfinite(row["val_loss"]):
                raise CxrError(
                    f"The training has diverged: the loss of epoch {row['epoch']} is {row['val_loss']}. "
                    f"Train anew with a lower learning rate than {phase.learning_rate:g}."
                )
            checkpoint.save(row, state)
            monitor.epoch(row, total)
        checkpoint.restore(checkpoint.best_epoch, weights)
    return checkpoint.history


def compile_stage(stage: FilmStage | FeatureStage, phase: Phase) -> Average:
    """Give the stage its optimizer and loss; the average of its weights, which the training loop puts back."""
    trainee, gpu = stage.model, bool(tf.config.list_physical_devices("GPU"))
    units, multi_label = trainee.output_shape[-1], stage.data.task == MULTI_LABEL
    sigmoid = units == 1 or multi_label
    # Not by its name, which Keras looks up within the first step and then traces that step again.
    if sigmoid:
        accuracy = keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)
    else:
        accuracy = keras.metrics.CategoricalAccuracy("accuracy")
    trainee.compile(
        optimizer=make_optimizer(stage.recipe, phase, _steps(stage)),
        loss=make_loss(stage.recipe, units, multi_label),
        metrics=[accuracy],
        # XLA on a CPU compiles for a minute and then runs the convolutions slower.
        jit_compile="auto" if gpu else False,
        steps_per_execution=STEPS_ON_GPU if gpu else 1,
    )
    trainee.optimizer.build(trainee.trainable_variables)
    return Average(trainee, stage.recipe.average > 0)


def _one_epoch(
    stage: FilmStage | FeatureStage, phase: Phase, rate: float, average: Average, epoch: int, monitor: Monitor
) -> dict:
    """Train and validate: the epoch's row of the history."""
    started, optimizer = time.monotonic(), stage.model.optimizer
    if stage.recipe.schedule == "cosine":
        # The optimizer's own, from the steps so far.
        rate = float(keras.ops.convert_to_numpy(optimizer.learning_rate))
    else:
        optimizer.learning_rate = rate
    row = {"epoch": epoch + 1, "phase": phase.name}
    average.put_back()
    batches, steps, size = stage.batches(epoch), _steps(stage), _batch_size(stage)
    if size != stage.recipe.batch_size:
        batches = batches.rebatch(size, drop_remainder=True)
        batches = batches.apply(tf.data.experimental.assert_cardinality(steps))
    monitor.start(f"Epoch {epoch + 1}", steps)
    trained = stage.model.fit(
        batches,
        epochs=epoch + 1,
        initial_epoch=epoch,
        shuffle=False,
        verbose=0,
        callbacks=[average, _Progress(monitor)],
    )
    row |= {name: float(values[-1]) for name, values in trained.history.items()}
    return row | _validate(stage) | {"learning_rate": rate, "seconds": time.monotonic() - started}


class _Progress(keras.callbacks.Callback):
    """Tells the monitor of each step; on a GPU several of them end together."""

    def __init__(self, monitor: Monitor):
        super().__init__()
        self._monitor, self._done = monitor, 0

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self._monitor.advance(batch + 1 - self._done)
        self._done = batch + 1


def _batch_size(stage: FilmStage | FeatureStage) -> int:
    """Films a step: with several devices a multiple of their number, for Keras fails where their shares differ."""
    devices = tf.distribute.get_strategy().num_replicas_in_sync
    wanted = stage.recipe.batch_size
    return wanted if devices == 1 else max(devices, min(wanted, stage.films) // devices * devices)


def _steps(stage: FilmStage | FeatureStage) -> int:
    """Steps an epoch; with several devices the films left over are others in every epoch."""
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        return stage.films // _batch_size(stage)
    return math.ceil(stage.films / stage.recipe.batch_size)


def _validate(stage: FilmStage | FeatureStage) -> dict:
    logits, targets = stage.validation_logits(), stage.data.targets(stage.data.rows("val"))
    if stage.data.task == MULTI_LABEL:
        chosen = logits > 0
    else:
        chosen = logits[:, 0] > 0 if logits.shape[1] == 1 else logits.argmax(axis=1)
    return {
        "val_loss": cross_entropy(logits, targets),
        "val_auroc": mean_auroc(logits, targets),
        "val_accuracy": float((chosen == targets).mean()),
    }


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Mean cross-entropy in nats of logits (n, 1) or (n, classes) against class numbers (n,).

    Multi-label, the mean binary one over all pairs of film and finding, of targets (n, classes) 0 or 1.
    """
    if targets.ndim == 2:
        return float(-log_expit(np.where(targets, logits, -logits)).mean())
    if logits.shape[1] == 1:
        return float(-log_expit(np.where(targets == 1, logits[:, 0], -logits[:, 0])).mean())
    return float(-log_softmax(logits, axis=1)[np.arange(len(targets)), targets].mean())


def mean_auroc(logits: np.ndarray, targets: np.ndarray) -> float:
    """AUROC of two classes, or the mean of one class against the rest; multi-label, the mean over the findings."""
    if targets.ndim == 2:
        return float(np.mean([auroc(*pair) for pair in zip(targets.T, logits.T, strict=True)]))
    if logits.shape[1] == 1:
        return auroc(targets == 1, logits[:, 0])
    scores = log_softmax(logits, axis=1)
    return float(np.mean([auroc(targets == index, scores[:, index]) for index in range(logits.shape[1])]))

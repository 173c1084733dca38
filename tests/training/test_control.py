"""Learning rate, end of a phase and best epoch: held against Keras's own callbacks."""

import types

import keras
import numpy as np
import pytest

from keras_cxr.training.control import Phase, best_row, phases, standing
from keras_cxr.training.recipe import Recipe

MANY = Phase("train", 10**6, 0.1)


def rows(losses, aurocs, phase="train"):
    both = zip(losses, aurocs, strict=True)
    return [
        {"epoch": number, "phase": phase, "val_loss": loss, "val_auroc": auroc}
        for number, (loss, auroc) in enumerate(both, 1)
    ]


def with_callback(callback, name, values):
    """Run a Keras callback over the epochs; yield its model after each."""
    model = types.SimpleNamespace(optimizer=keras.optimizers.SGD(0.1), stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {name: value})
        yield model


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("patience", "factor"), [(1, 0.5), (2, 0.3), (3, 0.1)])
def test_rate_is_that_of_reduce_on_plateau(seed, patience, factor):
    losses = np.random.default_rng(seed).integers(0, 8, 25) / 8  # with ties, which are no improvement
    recipe = Recipe(plateau_patience=patience, plateau_factor=factor, patience=10**6)
    callback = keras.callbacks.ReduceLROnPlateau("val_loss", factor=factor, patience=patience, min_delta=0)
    for epoch, model in enumerate(with_callback(callback, "val_loss", losses), 1):
        now = standing(MANY, rows(losses[:epoch], [0.5] * epoch), recipe)
        assert now.learning_rate == pytest.approx(float(model.optimizer.learning_rate), rel=1e-5)
        assert not now.finished


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("patience", [1, 2, 4])
def test_end_is_that_of_early_stopping(seed, patience):
    aurocs = np.random.default_rng(seed).integers(0, 12, 40) / 12
    callback = keras.callbacks.EarlyStopping("val_auroc", mode="max", patience=patience)
    ends = [model.stop_training for model in with_callback(callback, "val_auroc", aurocs)]
    for epoch in range(1, ends.index(True) + 2):
        history = rows(np.zeros(epoch), aurocs[:epoch])
        assert standing(MANY, history, Recipe(patience=patience)).finished == ends[epoch - 1]


def test_a_phase_counts_its_own_epochs_alone():
    recipe = Recipe(epochs=3, unfreeze="conv5_block1_1_conv", fine_tune_epochs=2, fine_tune_rate=1e-4, patience=2)
    first, second = phases(recipe)
    assert (first, second) == (Phase("train", 3, 1e-3), Phase("fine-tune", 2, 1e-4))
    history = rows([0.1, 0.2, 0.3], [0.9, 0.8, 0.8])
    assert standing(first, history, recipe).finished
    assert standing(second, history, recipe) == standing(second, [], recipe)
    one = [*history, *rows([0.9], [0.1], "fine-tune")]
    assert not standing(second, one, recipe).finished
    assert standing(second, [*history, *rows([0.9, 0.9], [0.1, 0.2], "fine-tune")], recipe).finished
    assert [phase.name for phase in phases(Recipe())] == ["train"]


@pytest.mark.parametrize(
    ("losses", "aurocs", "best"),
    [
        ([0.5, 0.4, 0.3], [0.7, 0.9, 0.8], 2),
        ([0.5, 0.4, 0.3], [0.9, 0.9, 0.9], 3),
        ([0.5, 0.4, 0.4], [0.9, 0.9, 0.9], 2),
        ([0.5], [0.0], 1),
    ],
)
def test_best_row(losses, aurocs, best):
    assert best_row(rows(losses, aurocs))["epoch"] == best


def test_no_best_row_without_a_history():
    assert best_row([]) is None

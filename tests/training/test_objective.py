"""Loss, optimizer and schedule of a recipe, against the formulas."""

import dataclasses
import math

import keras
import numpy as np
import pytest
from scipy.special import expit, log_softmax, softmax

from keras_cxr.training.control import Phase
from keras_cxr.training.objective import make_loss, make_optimizer
from keras_cxr.training.recipe import Recipe

LOGITS = np.array([[0.3], [-2.0], [4.0]], np.float32)
MANY = np.array([[0.3, 1.0, -1.0], [2.0, -2.0, 0.0]], np.float32)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("gamma", [None, 0.0, 2.0])
def test_loss_of_two_classes(smoothing, gamma):
    changes = {} if gamma is None else {"loss": "focal", "focal_gamma": gamma}
    targets = np.array([1.0, 0.0, 0.0], np.float32)
    loss = make_loss(Recipe(label_smoothing=smoothing, **changes), 1)(targets[:, None], LOGITS)
    soft, p = targets * (1 - smoothing) + smoothing / 2, expit(LOGITS[:, 0].astype(float))
    sure = soft * p + (1 - soft) * (1 - p)
    wanted = -(soft * np.log(p) + (1 - soft) * np.log(1 - p)) * (1 - sure) ** (gamma or 0)
    assert float(loss) == pytest.approx(wanted.mean(), rel=1e-4)


@pytest.mark.parametrize("gamma", [None, 2.0])
def test_loss_of_three_classes(gamma):
    changes = {} if gamma is None else {"loss": "focal", "focal_gamma": gamma}
    loss = make_loss(Recipe(**changes), 3)(np.eye(3, dtype=np.float32)[[1, 2]], MANY)
    chosen = [0, 1], [1, 2]
    wanted = -log_softmax(MANY, axis=1)[chosen] * (1 - softmax(MANY, axis=1)[chosen]) ** (gamma or 0)
    assert float(loss) == pytest.approx(wanted.mean(), rel=1e-4)


def test_cosine_after_a_warm_up():
    recipe = Recipe(schedule="cosine", warmup_epochs=2, epochs=10)
    rate = make_optimizer(recipe, Phase("train", 10, 1e-2), steps=5).learning_rate
    schedule = make_optimizer(recipe, Phase("train", 10, 1e-2), steps=5)._learning_rate
    assert float(rate) == 0
    for step in (3, 10, 17, 30, 50):
        wanted = step / 10 if step <= 10 else (1 + math.cos(math.pi * (step - 10) / 40)) / 2
        assert float(schedule(step)) == pytest.approx(1e-2 * wanted, rel=1e-5, abs=1e-9)


def test_a_warm_up_leaves_an_epoch_to_train():
    recipe = Recipe(schedule="cosine", warmup_epochs=9, epochs=2)
    schedule = make_optimizer(recipe, Phase("train", 2, 1e-2), steps=4)._learning_rate
    assert float(schedule(4)) == pytest.approx(1e-2)
    assert float(schedule(8)) == pytest.approx(0, abs=1e-9)


def test_optimizer_takes_what_the_recipe_says():
    recipe = Recipe(optimizer="adamw", weight_decay=0.005, clip_norm=1.5, average=0.9)
    optimizer = make_optimizer(recipe, Phase("train", 1, 1e-3), steps=1)
    assert isinstance(optimizer, keras.optimizers.AdamW)
    assert (optimizer.weight_decay, optimizer.global_clipnorm) == (0.005, 1.5)
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.9)
    plain = make_optimizer(
        dataclasses.replace(recipe, optimizer="adam", weight_decay=0.0, clip_norm=0.0, average=0.0),
        Phase("train", 1, 1e-3),
        steps=1,
    )
    assert (plain.weight_decay, plain.global_clipnorm, plain.use_ema) == (None, None, False)

"""The running average of the weights, against the sum by hand."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_cxr.training.average import Average


def test_fit_ends_with_the_average_and_goes_on_from_the_weights():
    films, targets = np.array([[1.0], [2.0], [-1.0]], np.float32), np.array([[1.0], [3.0], [0.5]], np.float32)
    network = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False)])
    network.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7), "mse")
    network.optimizer.build(network.trainable_variables)
    weight = float(network.get_weights()[0][0, 0])
    average, kept = Average(network, True), None
    for epoch in range(3):
        average.put_back()
        network.fit(
            films,
            targets,
            batch_size=1,
            epochs=epoch + 1,
            initial_epoch=epoch,
            shuffle=False,
            verbose=0,
            callbacks=[average],
        )
        for film, target in zip(films[:, 0], targets[:, 0], strict=True):
            weight -= 0.1 * 2 * (weight * film - target) * film
            kept = weight if kept is None else 0.7 * kept + 0.3 * weight
        assert float(network.get_weights()[0][0, 0]) == pytest.approx(kept, rel=1e-5)
        assert float(average.variables[0].numpy()[0, 0]) == pytest.approx(weight, rel=1e-5)


def test_without_one_it_does_nothing():
    network = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    average = Average(network, False)
    average.on_epoch_end(0)
    average.put_back()
    assert average.variables == []

"""The running average of the weights, which the optimizer keeps: validated and saved, but not trained from."""

import keras


class Average(keras.callbacks.Callback):
    """Where the optimizer averages, ``fit`` ends with the average in the network's weights.

    What the next epoch goes on from, the weights before that, is held here; ``variables`` belong to the state of the
    training. Not ``active``, it does nothing.
    """

    def __init__(self, trainee: keras.Model, active: bool):
        super().__init__()
        self._weights = trainee.trainable_variables if active else []
        self.variables = [keras.Variable(weight, trainable=False) for weight in self._weights]

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Hold the weights: after this ``fit`` puts the average in their place."""
        for held, weight in zip(self.variables, self._weights, strict=True):
            held.assign(weight)

    def put_back(self) -> None:
        """Give the network the weights to train on from."""
        for held, weight in zip(self.variables, self._weights, strict=True):
            weight.assign(held)

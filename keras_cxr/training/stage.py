"""What one phase trains, and on what: the network on films, or its head on the features of a frozen backbone."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_cxr.data.pipeline import array_batches, plain_batches, training_batches
from keras_cxr.models.forward import forward, logits_model
from keras_cxr.models.freeze import is_frozen
from keras_cxr.training.features import feature_views, head_of
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared, augmentation
from keras_cxr.training.recipe import Recipe


class FilmStage:
    """The whole network on decoded films, augmented anew in every epoch."""

    def __init__(self, network: keras.Model, data: Prepared, recipe: Recipe):
        self.model = logits_model(network)
        self.data, self.recipe, self.rows = data, recipe, data.rows("train")
        self._run = forward(network)

    def batches(self, epoch: int) -> tf.data.Dataset:
        """Training batches (films, targets, weights) of an epoch."""
        return training_batches(
            self.data.pixels,
            self.rows,
            self.data.targets(self.rows),
            self.data.film_weights(self.rows),
            batch_size=self.recipe.batch_size,
            seed=self.recipe.seed,
            epoch=epoch,
            augmentation=augmentation(self.recipe),
        )

    def validation_logits(self) -> np.ndarray:
        """Logits (films, units) float64 of the validation split."""
        return all_logits(self._run, self.data.pixels, self.data.rows("val"), self.recipe.batch_size)


class FeatureStage:
    """The head on the backbone's features of a few fixed views of each film, one of them drawn in every epoch."""

    def __init__(self, network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor):
        self.model = head_of(network)
        self.data, self.recipe, self.rows = data, recipe, data.rows("train")
        varied = augmentation(recipe)
        views = [varied] * recipe.views if varied.active else [None]
        shared = {"seed": recipe.seed, "batch_size": recipe.batch_size, "monitor": monitor}
        self._views = feature_views(network, data, self.rows, views, **shared)
        (self._validation,) = feature_views(network, data, data.rows("val"), [None], **shared)
        signature = [tf.TensorSpec((None, self._validation.shape[1]), tf.float32)]
        self._run = tf.function(lambda features: self.model(features, training=False), input_signature=signature)

    def batches(self, epoch: int) -> tf.data.Dataset:
        """Training batches (features, targets, weights) of an epoch; the order is that of ``FilmStage``."""
        draws = np.random.default_rng([self.recipe.seed, epoch, 3])
        chosen = draws.integers(len(self._views), size=len(self.rows))
        features = np.choose(chosen[:, None], self._views) if len(self._views) > 1 else self._views[0]
        return array_batches(
            features,
            self.data.targets(self.rows),
            self.data.film_weights(self.rows),
            batch_size=self.recipe.batch_size,
            seed=self.recipe.seed,
            epoch=epoch,
        )

    def validation_logits(self) -> np.ndarray:
        """Logits (films, units) float64 of the validation split."""
        return self._run(self._validation).numpy().astype(np.float64)


def make_stage(network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor) -> FilmStage | FeatureStage:
    """The stage for the network as it now is: on features where its backbone is frozen."""
    if recipe.feature_cache and is_frozen(network):
        return FeatureStage(network, data, recipe, monitor)
    return FilmStage(network, data, recipe)


def all_logits(run: Callable, pixels: np.ndarray, rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Logits (len(rows), units) float64 of the films in ``rows``, unaugmented."""
    return np.concatenate([run(films) for films in plain_batches(pixels, rows, batch_size)]).astype(np.float64)

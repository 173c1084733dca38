"""What one phase trains, and on what: the network on films, or its head on the features of a frozen backbone."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_cxr.data.pipeline import array_batches, index_batches, plain_batches, training_batches
from keras_cxr.models.forward import forward, logits_model
from keras_cxr.models.freeze import is_frozen
from keras_cxr.models.trunk import head_of
from keras_cxr.training.device_films import DeviceFilms, fit_on_device
from keras_cxr.training.features import feature_views
from keras_cxr.training.mixup import mix
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared, augmentation
from keras_cxr.training.recipe import Recipe


class FilmStage:
    """The whole network on decoded films, augmented anew in every epoch."""

    def __init__(self, network: keras.Model, data: Prepared, recipe: Recipe):
        trainee = logits_model(network)
        # Mixing needs the films themselves in the batch.
        self._on_device = fit_on_device(data.pixels) and not recipe.mixup
        self.model = DeviceFilms(trainee, data.pixels) if self._on_device else trainee
        self.data, self.recipe, self.films = data, recipe, len(data.trained)
        self._run = forward(network)

    def batches(self, epoch: int) -> tf.data.Dataset:
        """Training batches (films, targets, weights) of an epoch."""
        parts = (self.data.trained, self.data.encoded(self.data.trained), self.data.film_weights(self.data.trained))
        drawn = {"seed": self.recipe.seed, "epoch": epoch, "augmentation": augmentation(self.recipe)}
        drawn["batch_size"] = self.recipe.batch_size
        if self._on_device:
            return index_batches(*parts, **drawn, side=self.data.pixels.shape[1]).prefetch(tf.data.AUTOTUNE)
        return mixed(training_batches(self.data.pixels, *parts, **drawn), self.recipe, epoch)

    def validation_logits(self) -> np.ndarray:
        """Logits (films, units) float64 of the validation split."""
        return all_logits(self._run, self.data.pixels, self.data.rows("val"), self.recipe.batch_size)


class FeatureStage:
    """The head on the backbone's features of a few fixed views of each film, one of them drawn in every epoch."""

    def __init__(self, network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor):
        self.model = head_of(network)
        self.data, self.recipe, self.films = data, recipe, len(data.trained)
        varied = augmentation(recipe)
        views = [varied] * recipe.views if varied.active else [None]
        shared = {"batch_size": recipe.batch_size, "monitor": monitor}
        self._views = feature_views(network, data, data.trained, views, **shared)
        (self._validation,) = feature_views(network, data, data.rows("val"), [None], **shared)
        signature = [tf.TensorSpec((None, self._validation.shape[1]), tf.float32)]
        self._run = tf.function(lambda features: self.model(features, training=False), input_signature=signature)

    def batches(self, epoch: int) -> tf.data.Dataset:
        """Training batches (features, targets, weights) of an epoch; the order is that of ``FilmStage``."""
        draws = np.random.default_rng([self.recipe.seed, epoch, 3])
        chosen = draws.integers(len(self._views), size=self.films)
        features = np.choose(chosen[:, None], self._views) if len(self._views) > 1 else self._views[0]
        batches = array_batches(
            features,
            self.data.encoded(self.data.trained),
            self.data.film_weights(self.data.trained),
            batch_size=self.recipe.batch_size,
            seed=self.recipe.seed,
            epoch=epoch,
        )
        return mixed(batches, self.recipe, epoch)

    def validation_logits(self) -> np.ndarray:
        """Logits (films, units) float64 of the validation split."""
        return self._run(self._validation).numpy().astype(np.float64)


def mixed(batches: tf.data.Dataset, recipe: Recipe, epoch: int) -> tf.data.Dataset:
    """The batches with mixup where the recipe asks for it; on a frozen backbone its features are mixed."""
    return mix(batches, recipe.mixup, recipe.seed, epoch) if recipe.mixup else batches


def make_stage(network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor) -> FilmStage | FeatureStage:
    """The stage for the network as it now is: on features where its backbone is frozen."""
    if recipe.feature_cache and is_frozen(network):
        return FeatureStage(network, data, recipe, monitor)
    return FilmStage(network, data, recipe)


def validation_logits(network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor) -> np.ndarray:
    """Logits (films, units) float64 of the validation split, from stored features where they were trained on."""
    rows = data.rows("val")
    if recipe.feature_cache and is_frozen(network):
        (features,) = feature_views(network, data, rows, [None], batch_size=recipe.batch_size, monitor=monitor)
        return head_of(network)(features, training=False).numpy().astype(np.float64)
    return all_logits(forward(network), data.pixels, rows, recipe.batch_size)


def all_logits(run: Callable, pixels: np.ndarray, rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Logits (len(rows), units) float64 of the films in ``rows``, unaugmented."""
    return np.concatenate([run(films) for films in plain_batches(pixels, rows, batch_size)]).astype(np.float64)

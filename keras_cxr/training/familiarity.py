"""After a training: what its films look like to the network, so that films unlike them are told at prediction."""

import pathlib

import keras
import numpy as np

from keras_cxr.data.pipeline import plain_batches
from keras_cxr.evaluation.pixel_statistics import pixel_statistics
from keras_cxr.evaluation.unfamiliarity import fit_both
from keras_cxr.models.embedding import default_layer, embedding
from keras_cxr.models.freeze import is_frozen
from keras_cxr.models.trunk import CUT
from keras_cxr.prediction.familiarity import Familiarity, write_familiarity
from keras_cxr.training.features import feature_views
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared
from keras_cxr.training.recipe import Recipe

# Films that the reference is made from, and validation films that it is calibrated on.
MOST, MOST_VALIDATION = 1000, 1000
FEWEST = 10  # validation films, below which a share of 95 % means nothing


def keep_what_is_usual(
    folder: pathlib.Path, network: keras.Model, data: Prepared, recipe: Recipe, monitor: Monitor
) -> None:
    """Write ``familiarity.npz`` of a trained network: means and variances, nothing of any one film.

    Args:
        folder: Of the saved model.
        network: As trained.
        data: Its films; up to 1,000 training films and as many validation films are drawn by chance.
        recipe: By which the features may be stored already.
        monitor: Told of the progress, and why there is no file where there is none.
    """
    rows = [_drawn(data.rows("train"), MOST), _drawn(data.rows("val"), MOST_VALIDATION)]
    if min(map(len, rows)) < FEWEST:
        monitor.note(
            f"Too few films to tell how unfamiliar others are ({len(rows[0])} train, {len(rows[1])} val; "
            f"{FEWEST} of each are needed): predictions have no column 'unfamiliarity'."
        )
        return
    layer = default_layer(network)
    training, validation = (_vectors(network, data, chosen, layer, recipe, monitor) for chosen in rows)
    if not (np.isfinite(training).all() and np.isfinite(validation).all()):
        monitor.note("Some features are no numbers: predictions have no column 'unfamiliarity'.")
        return
    statistics = [np.stack([pixel_statistics(data.pixels[row]) for row in chosen]) for chosen in rows]
    usual = fit_both((training, statistics[0]), (validation, statistics[1]))
    write_familiarity(folder, Familiarity(layer, *usual))


def _drawn(rows: np.ndarray, most: int) -> np.ndarray:
    return np.sort(np.random.default_rng(0).permutation(rows)[:most])


def _vectors(
    network: keras.Model, data: Prepared, rows: np.ndarray, layer: str, recipe: Recipe, monitor: Monitor
) -> np.ndarray:
    if layer == CUT and is_frozen(network) and recipe.feature_cache:
        return feature_views(network, data, rows, [None], recipe.batch_size, monitor)[0]
    run, parts = embedding(network, layer), []
    monitor.start("Features of the films", len(rows))
    for films in plain_batches(data.pixels, rows, recipe.batch_size):
        parts.append(run(films)[0])
        monitor.advance(len(films))
    return np.concatenate(parts)

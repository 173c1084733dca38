"""What a frozen backbone makes of the films, computed once and kept: the head then trains in seconds."""

import dataclasses
import hashlib
import json
import re

import keras
import numpy as np
import tensorflow as tf

from keras_cxr import __version__
from keras_cxr.cache import cache_folder
from keras_cxr.data.augment import Augmentation, film_transforms, warp
from keras_cxr.data.pipeline import gather_films
from keras_cxr.training.feature_store import FeatureStore
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared

CUT = "pool"
CHUNK = 256


def head_of(network: keras.Model) -> keras.Model:
    """From the pooled features (batch, width) to the logits; it shares the network's layers."""
    return keras.Model(network.get_layer(CUT).output, network.get_layer("logits").output, name="head")


def feature_views(
    network: keras.Model,
    data: Prepared,
    rows: np.ndarray,
    views: list[Augmentation | None],
    seed: int,
    batch_size: int,
    monitor: Monitor,
) -> list[np.ndarray]:
    """The pooled features of some films under some views.

    Args:
        network: With a frozen backbone.
        data: The films.
        rows: Row numbers of the films.
        views: For each view, the augmentation that it is drawn from, or None for the film as it is.
        seed: Of the drawn views; a film's view depends on (seed, view, content) alone.
        batch_size: Films a step of the backbone.
        monitor: Told of the progress.

    Returns:
        For each view, (len(rows), width) float32.
    """
    trunk = keras.Model(network.input, network.get_layer(CUT).output, name="trunk")
    digest = _digest(trunk)
    # By what the network sees of them: that covers the file, its preprocessing and its lung mask at once.
    films = np.array([hashlib.sha256(data.pixels[row]).hexdigest() for row in rows])
    stores = [_store(digest, view, number, seed) for number, view in enumerate(views)]
    todo = [set(store.missing(list(films))) for store in stores]
    if any(todo):
        monitor.start("Backbone features", sum(map(len, todo)))
    run = tf.function(trunk, input_signature=[tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)])
    for number, (view, store, missing) in enumerate(zip(views, stores, todo, strict=True)):
        _, first = np.unique(films, return_index=True)
        wanted = np.array([place for place in np.sort(first) if films[place] in missing], int)
        for start in range(0, len(wanted), CHUNK):
            places = wanted[start : start + CHUNK]
            parts = []
            for begin in range(0, len(places), batch_size):
                some = places[begin : begin + batch_size]
                pixels = gather_films(data.pixels, rows[some])
                if view is not None:
                    transforms = film_transforms(view, list(films[some]), data.pixels.shape[1], seed, number)
                    pixels = warp(pixels, transforms)
                parts.append(tf.cast(run(pixels), tf.float32).numpy())
                monitor.advance(len(some))
            store.add(list(films[places]), np.concatenate(parts))
    return [store.read(list(films)) for store in stores]


def _store(digest: str, view: Augmentation | None, number: int, seed: int) -> FeatureStore:
    drawn = None if view is None else {**dataclasses.asdict(view), "number": number, "seed": seed}
    key = json.dumps([digest, drawn], sort_keys=True)
    return FeatureStore(cache_folder() / "features" / hashlib.sha256(key.encode()).hexdigest()[:32])


def _digest(trunk: keras.Model) -> str:
    """Of everything that decides the features: layers, weights, precision and the program that computes them."""
    # Keras numbers its inputs anew in each process.
    layers = re.sub(r"input_layer(_\d+)?", "input_layer", trunk.to_json())
    versions = f"{tf.__version__} {keras.__version__} {__version__}"
    digest = hashlib.sha256(f"{layers} {trunk.output.dtype} {versions}".encode())
    for variable in trunk.variables:
        digest.update(np.ascontiguousarray(variable.numpy()))
    return digest.hexdigest()

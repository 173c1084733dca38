"""What a frozen backbone makes of the films, computed once and kept: the head then trains in seconds."""

import dataclasses

import keras
import numpy as np

from keras_cxr.data.augment import Augmentation, film_transforms, warp
from keras_cxr.data.feature_store import film_key, open_store
from keras_cxr.data.pipeline import gather_films
from keras_cxr.models.trunk import features, trunk_digest, trunk_of
from keras_cxr.training.monitor import Monitor
from keras_cxr.training.prepare import Prepared

CHUNK = 256


def feature_views(
    network: keras.Model,
    data: Prepared,
    rows: np.ndarray,
    views: list[Augmentation | None],
    batch_size: int,
    monitor: Monitor,
) -> list[np.ndarray]:
    """The pooled features of some films under some views.

    Args:
        network: With a frozen backbone.
        data: The films.
        rows: Row numbers of the films.
        views: For each view, the augmentation that it is drawn from, or None for the film as it is. What is drawn
            depends on the view's number and the film alone: every training, fold and seed shares it.
        batch_size: Films a step of the backbone.
        monitor: Told of the progress.

    Returns:
        For each view, (len(rows), width) float32.
    """
    trunk = trunk_of(network)
    digest, run = trunk_digest(trunk), features(trunk)
    films = np.array([film_key(data.pixels[row]) for row in rows])
    stores = [open_store(digest, _drawn(view, number)) for number, view in enumerate(views)]
    todo = [set(store.missing(list(films))) for store in stores]
    if any(todo):
        monitor.start("Backbone features", sum(map(len, todo)))
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
                    transforms = film_transforms(view, list(films[some]), data.pixels.shape[1], number)
                    pixels = warp(pixels, transforms)
                parts.append(run(pixels))
                monitor.advance(len(some))
            store.add(list(films[places]), np.concatenate(parts))
    return [store.read(list(films)) for store in stores]


def _drawn(view: Augmentation | None, number: int) -> dict | None:
    return None if view is None else {**dataclasses.asdict(view), "number": number}

"""Films to predictions tables of several saved models: each film is decoded once for models that prepare it alike."""

import itertools
import os
import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from keras_cxr.data.films import read_films
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.label_films import BATCH, label_chunk
from keras_cxr.prediction.serving.runtimes import Run


def label_together(
    models: dict[str, SavedModel],
    runs: dict[str, Run],
    paths: Sequence[str],
    lung_masks: str | os.PathLike | None = None,
    advance: Callable[[int], None] | None = None,
) -> tuple[dict[str, pd.DataFrame], dict[str, float]]:
    """Label the same films with every model and measure the networks.

    Args:
        models: Name → saved model.
        runs: Name → films to logits.
        paths: Film files.
        lung_masks: Folder of mask files, for models that see lungs alone and carry no lung model.
        advance: Called with the number of films after each chunk of each model.

    Returns:
        Name → predictions table in the order of ``paths``, ``image`` the path; name → films a second of the network
        alone on decoded films, NaN where none could be read.
    """
    chunks: dict[str, list[pd.DataFrame]] = {name: [] for name in models}
    samples = {}
    for names in _alike(models):
        first = models[names[0]]
        films = read_films(paths, Preprocessing(**first.card.preprocessing), masks_for(first, lung_masks))
        while chunk := list(itertools.islice(films, BATCH)):
            good = [film.pixels for film in chunk if film.pixels is not None]
            pixels = np.stack(good)[..., np.newaxis] if good else None
            for name in names:
                card = models[name].card
                logits = runs[name](pixels) if good else np.empty((0, len(card.classes)))
                chunks[name].append(label_chunk(card, chunk, logits))
                if advance:
                    advance(len(chunk))
            if good and len(good) > len(samples.get(names[0], [])):
                samples.update(dict.fromkeys(names, pixels))
    # Only now: films that are still being decoded would share the processor.
    speeds = {name: films_per_second(runs[name], samples[name]) if name in samples else np.nan for name in models}
    return {name: pd.concat(parts, ignore_index=True) for name, parts in chunks.items()}, speeds


def films_per_second(run: Run, films: np.ndarray, seconds: float = 0.5) -> float:
    """Films a second of a network on one batch, repeated three times at least and about so many ``seconds``.

    Args:
        run: Films to logits.
        films: (n, size, size, 1) uint8, decoded; repeated to a whole batch of 32 where there are fewer.
        seconds: To measure for; the median of the repetitions counts.
    """
    batch = np.resize(films, (BATCH, *films.shape[1:]))
    run(batch)
    times: list[float] = []
    while len(times) < 3 or sum(times) < seconds:
        start = time.perf_counter()
        run(batch)
        times.append(time.perf_counter() - start)
    return BATCH / float(np.median(times))


def _alike(models: dict[str, SavedModel]) -> list[list[str]]:
    """The names by what the networks see; a model that sees lungs alone may find them in its own way."""
    groups: dict[tuple, list[str]] = {}
    for name, model in models.items():
        preprocessing = model.card.preprocessing
        alone = name if preprocessing.get("lungs", "none") != "none" else ""
        groups.setdefault((alone, repr(sorted(preprocessing.items()))), []).append(name)
    return list(groups.values())

"""The films most like a film, by their embeddings."""

import os
import pathlib

import numpy as np
import pandas as pd

from keras_cxr.data.films import read_film
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError
from keras_cxr.evaluation.neighbours import nearest
from keras_cxr.prediction.embedding.embed import Embedder, Embeddings
from keras_cxr.report.similar import SimilarFilm, similar_figure

SIDE = 256


def similar(
    embedder: Embedder, embeddings: Embeddings, query: str | os.PathLike, k: int, picture: pathlib.Path
) -> pd.DataFrame:
    """The ``k`` films nearest to ``query``, as rows of ``embeddings.films`` with ``distance``, and as a picture.

    Files with the content of ``query`` do not count. For the distance see ``evaluation.neighbours.nearest``.

    Raises:
        CxrError: The film cannot be read, or there is no other.
    """
    vector, content = embedder.one(query)
    others = np.flatnonzero(embeddings.good & (embeddings.films["sha256"] != content).to_numpy())
    if not len(others):
        raise CxrError(f"There is no other film to compare '{query}' with.")
    rows, distances = nearest(embeddings.vectors[others], vector, k)
    found = embeddings.films.iloc[others[rows]].assign(distance=distances)
    shown = [SimilarFilm(_pixels(query), pathlib.Path(query).name, "film asked for")]
    for film in found.itertuples():
        label = film.label or f"{film.predicted} (by the model)"
        shown.append(SimilarFilm(_pixels(film.path), pathlib.Path(film.path).name, label, film.distance))
    similar_figure(shown, picture)
    return found


def _pixels(path: str | os.PathLike) -> np.ndarray:
    """The film in its own aspect, for the eye."""
    return read_film(os.path.abspath(path), Preprocessing(SIDE)).pixels

"""The mean distance to the nearest normal films' feature vectors (see ``evaluation.neighbour_distance``)."""

import numpy as np

from keras_cxr.anomaly.by_features import FeatureDetector, Reference, load_detector, vectors
from keras_cxr.evaluation.neighbour_distance import neighbour_distance

ON_FEATURES = True
NEIGHBOURS = 2  # as published
MOST = 20_000  # vectors that are kept


def fit(data, settings, features, monitor) -> FeatureDetector:
    """Keep the vectors of the normal films, in half precision."""
    found = vectors(data, "train", features, monitor)
    if len(found) > MOST:
        monitor.note(f"Of {len(found)} normal films, {MOST} drawn by chance are kept.")
        found = found[np.sort(np.random.default_rng(settings.seed).permutation(len(found))[:MOST])]
    return FeatureDetector(features, {"vectors": found.astype(np.float16)}, _distance)


def load(model) -> FeatureDetector:
    """See ``methods.Method``."""
    return load_detector(model, ["vectors"], _distance)


def _distance(reference: Reference, found: np.ndarray) -> np.ndarray:
    return neighbour_distance(reference["vectors"], found, NEIGHBOURS)

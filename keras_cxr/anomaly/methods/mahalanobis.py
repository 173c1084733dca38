"""Mahalanobis' distance to the normal films' feature vectors (see ``evaluation.unfamiliarity``).

Rippel, Mertens & Merhof, Modeling the distribution of normal data in pre-trained deep features for anomaly detection,
ICPR 2020. Theirs shrinks the covariance; here it is that of the first principal components, and what these leave out.
"""

import dataclasses

import numpy as np

from keras_cxr.anomaly.by_features import FeatureDetector, Reference, load_detector, vectors
from keras_cxr.evaluation.unfamiliarity import Familiar, fit_familiar, unfamiliarity

ON_FEATURES = True
NAMES = [field.name for field in dataclasses.fields(Familiar)]


def fit(data, settings, features, monitor) -> FeatureDetector:
    """Keep mean, deviations and principal directions; no vector of any film."""
    familiar = fit_familiar(vectors(data, "train", features, monitor), vectors(data, "val", features, monitor))
    return FeatureDetector(features, {name: getattr(familiar, name) for name in NAMES}, _distance)


def load(model) -> FeatureDetector:
    """See ``methods.Method``."""
    return load_detector(model, NAMES, _distance)


def _distance(reference: Reference, found: np.ndarray) -> np.ndarray:
    return unfamiliarity(Familiar(**reference), found)

"""What the methods on feature vectors share: the films' vectors, and a reference of arrays in the model's folder."""

import pathlib
import zipfile
from collections.abc import Callable

import numpy as np

from keras_cxr.anomaly.features import Features, load_features
from keras_cxr.anomaly.prepare import AnomalyData
from keras_cxr.errors import CxrError
from keras_cxr.files import whole_file
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.training.monitor import Monitor

FILE = "reference.npz"
BATCH = 32
Reference = dict[str, np.ndarray]
Distance = Callable[[Reference, np.ndarray], np.ndarray]


class FeatureDetector:
    """See ``methods.Detector``.

    Args:
        features: Films to vectors.
        reference: What was learnt of the normal films, by name.
        distance: From the reference and vectors (n, width) to scores (n,).
    """

    def __init__(self, features: Features, reference: Reference, distance: Distance):
        self._features, self._reference, self._distance = features, reference, distance
        self.preprocessing, self.masks = features.preprocessing, features.masks
        self.facts: dict = {}
        self.history: list[dict] = []

    def scores(self, films: np.ndarray, places: list[tuple[slice, slice]]) -> np.ndarray:
        """See ``methods.Detector``."""
        return self._distance(self._reference, self._features(films))

    def save(self, folder: pathlib.Path) -> None:
        """See ``methods.Detector``."""
        self._features.save(folder)
        with whole_file(folder / FILE) as temporary:
            np.savez(temporary, **self._reference)


def vectors(data: AnomalyData, split: str, features: Features, monitor: Monitor) -> np.ndarray:
    """The vectors (n, width) float32 of the films of a split.

    Raises:
        CxrError: Some are no numbers.
    """
    rows, parts = data.rows(split), []
    monitor.start(f"Features of the {split} films", len(rows))
    for start in range(0, len(rows), BATCH):
        batch = np.asarray(data.pixels[rows[start : start + BATCH]])
        parts.append(features(batch[..., np.newaxis]))
        monitor.advance(len(batch))
    found = np.concatenate(parts)
    if not np.isfinite(found).all():
        raise CxrError("The features of some films are no numbers: this network cannot be used. Try another -m.")
    return found


def load_detector(model: SavedModel, names: list[str], distance: Distance) -> FeatureDetector:
    """The detector saved in a folder, whose reference has the arrays ``names``.

    Raises:
        CxrError: A file is missing or damaged.
    """
    file = model.folder / FILE
    try:
        with np.load(file) as content:
            reference = {name: content[name] for name in names}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as fault:
        raise CxrError(f"'{file}' is missing or damaged ({fault}). Copy it again from where it was trained.") from fault
    return FeatureDetector(load_features(model), reference, distance)

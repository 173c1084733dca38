"""The mean reconstruction error of an autoencoder that was trained on normal films (see ``models.autoencoder``)."""

import pathlib

import keras
import numpy as np

from keras_cxr.anomaly.fit import fit as train
from keras_cxr.anomaly.prepare import AnomalyData
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.files import whole_file
from keras_cxr.models.autoencoder import build_autoencoder
from keras_cxr.models.saved_model import NETWORK, SavedModel
from keras_cxr.models.trunk import features as compiled

ON_FEATURES = False
BATCH = 32
# Of the pixels of held-out normal films, the share whose error lies within the scale of the maps.
MAP_SCALE = 0.999


class AutoencoderDetector:
    """See ``methods.Detector``; errors are squared differences of gray levels as shares of the gray scale.

    Args:
        network: Films to reconstructions, gray levels 0–255.
        facts: ``map_scale``, the error that a map shows as 1; other facts are kept.
    """

    masks = None

    def __init__(self, network: keras.Model, facts: dict):
        self._network, self._run, self.facts = network, compiled(network), facts
        self.preprocessing = Preprocessing(network.input_shape[1])
        self.history: list[dict] = []

    def errors(self, films: np.ndarray) -> np.ndarray:
        """Squared errors (n, size, size) float32 of films (n, size, size, 1) uint8."""
        return (np.square(self._run(films) - films) / 255**2)[..., 0].astype(np.float32)

    def scores(self, films: np.ndarray, places: list[tuple[slice, slice]]) -> np.ndarray:
        """The mean error (n,) over the part of the canvas that the film fills; padding is easily drawn."""
        pairs = zip(self.errors(films), places, strict=True)
        return np.array([error[place].mean(dtype=np.float64) for error, place in pairs])

    def maps(self, films: np.ndarray) -> np.ndarray:
        """Errors (n, size, size) float32, 1 from the scale of the maps on."""
        return np.minimum(self.errors(films) / self.facts["map_scale"], 1)

    def save(self, folder: pathlib.Path) -> None:
        """See ``methods.Detector``."""
        with whole_file(folder / NETWORK) as temporary:
            self._network.save(temporary)


def fit(data, settings, features, monitor) -> AutoencoderDetector:
    """Train on the normal films; the best epoch is that of the smallest error on those of val."""
    keras.utils.set_random_seed(settings.seed)
    network = build_autoencoder(settings.size, settings.latent)
    history = train(network, data, settings, monitor)
    # Without the optimizer, whose state would triple the file.
    plain = keras.Model(network.input, network.output, name=network.name)
    detector = AutoencoderDetector(plain, {})
    detector.history = history
    detector.facts["map_scale"] = _map_scale(detector, data)
    return detector


def _map_scale(detector: AutoencoderDetector, data: AnomalyData) -> float:
    rows = data.rows("val")[:500]
    parts = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        errors = detector.errors(np.asarray(data.pixels[batch])[..., np.newaxis])
        parts += [error[place].ravel() for error, place in zip(errors, data.places(batch), strict=True)]
    return max(float(np.quantile(np.concatenate(parts), MAP_SCALE)), 1e-9)


def load(model: SavedModel) -> AutoencoderDetector:
    """See ``methods.Method``."""
    return AutoencoderDetector(model.network(), model.card.facts)

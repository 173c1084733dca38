"""How anomaly is measured: one method a file, each a module of the form ``Method``.

A further method is one further file.
"""

import pathlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.plugins import import_one, module_names

if TYPE_CHECKING:
    from keras_cxr.anomaly.features import Features
    from keras_cxr.anomaly.prepare import AnomalyData
    from keras_cxr.anomaly.settings import AnomalySettings
    from keras_cxr.models.saved_model import SavedModel
    from keras_cxr.training.monitor import Monitor


class Detector(Protocol):
    """Films to anomaly scores.

    Attributes:
        preprocessing: How a film comes to its canvas.
        masks: The lungs that this asks for.
        facts: Numbers for the card.
        history: One row an epoch; empty where nothing is trained in epochs.
    """

    preprocessing: Preprocessing
    masks: LungMasks | None
    facts: dict
    history: list[dict]

    def scores(self, films: np.ndarray, places: list[tuple[slice, slice]]) -> np.ndarray:
        """Scores (n,) float64, higher where odder.

        Args:
            films: (n, size, size, 1) uint8.
            places: The rows and columns of the canvas that each film fills.
        """

    def save(self, folder: pathlib.Path) -> None:
        """Write what ``load`` needs."""


class Method(Protocol):
    """The names that a module of this package has.

    A detector with a method ``maps``, films (n, size, size, 1) uint8 to (n, size, size) float32 0–1, can show where a
    film is odd.
    """

    ON_FEATURES: bool
    """Whether it compares feature vectors."""

    def fit(
        self, data: "AnomalyData", settings: "AnomalySettings", features: "Features | None", monitor: "Monitor"
    ) -> Detector:
        """Learn from the normal films of train; those of val may choose the epoch."""

    def load(self, model: "SavedModel") -> Detector:
        """The detector that was saved in a model's folder. Raises CxrError where it is damaged."""


def methods() -> list[str]:
    """The names of all methods."""
    return module_names(__name__)


def find(name: str) -> Method:
    """The method called ``name``.

    Raises:
        UsageError: There is none, with what was meant perhaps.
    """
    return import_one(__name__, "method", name)

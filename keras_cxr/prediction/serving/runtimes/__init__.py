"""What computes a saved network's logits: one runtime a file, each a module of the form ``Runtime``.

A further runtime is one further file. Only ``export`` may import TensorFlow or Keras, ``keras`` itself aside.
"""

import importlib.util
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from keras_cxr.plugins import import_one, module_names

if TYPE_CHECKING:
    import keras
    import numpy as np

# From films (n, size, size, 1), any number type 0–255, any n, to logits (n, units) float32.
Run = Callable[["np.ndarray"], "np.ndarray"]
# The same to feature vectors (n, width) and logits; a runtime that can give them has a ``load_with_features``.
FeatureRun = Callable[["np.ndarray"], tuple["np.ndarray", "np.ndarray"]]
ALL_PRECISIONS = ("float32", "bfloat16", "int8")


class Runtime(Protocol):
    """The names that a module of this package has."""

    PRECISIONS: tuple[str, ...]
    """Of ``ALL_PRECISIONS``, those it computes in."""
    PACKAGES: tuple[str, ...]
    """Whose versions are recorded."""

    def files(self, precision: str) -> tuple[str, ...]:
        """The names of the files of a precision, that which is loaded first; two precisions may share them."""

    def available(self) -> str:
        """'' where a file can be run here, else the reason and what to install, one line."""

    def exportable(self, precision: str) -> str:
        """'' where a file can be written here, else the reason and what to install, one line."""

    def export(self, network: "keras.Model", folder: pathlib.Path, precision: str, calibration: "np.ndarray") -> None:
        """Write the files of a precision to ``folder``.

        Args:
            network: Gray levels (batch, size, size, 1) to probabilities.
            folder: Is there already.
            precision: One of ``PRECISIONS``.
            calibration: (n, size, size, 1) uint8 training films, by which int8 chooses its ranges.
        """

    def load(self, folder: pathlib.Path, precision: str, size: int) -> Run:
        """A function from films to logits, from the files in ``folder``."""


def runtimes() -> list[str]:
    """The names of all runtimes, installed or not."""
    return module_names(__name__)


def find(name: str) -> Runtime:
    """The runtime called ``name``.

    Raises:
        UsageError: There is none, with what was meant perhaps.
    """
    return import_one(__name__, "runtime", name)


def missing(what: str, *packages: str) -> str:
    """'' where the modules ``packages`` can be imported, else the line that says what to install."""
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    names = " ".join(name.replace("_", "-") for name in absent)
    return f"{what} needs {names}: pip install {names}" if absent else ""

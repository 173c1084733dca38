"""How unlike its training films a saved model finds a film, in the pass that gives the logits."""

import dataclasses
import pathlib
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from keras_cxr.errors import CxrError
from keras_cxr.evaluation.pixel_statistics import pixel_statistics
from keras_cxr.evaluation.unfamiliarity import Familiar, larger
from keras_cxr.files import whole_file
from keras_cxr.models.registry import architectures
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.runtime_record import FOLDER
from keras_cxr.prediction.serving.runtimes import FeatureRun, Run, find
from keras_cxr.prediction.stored_features import FeatureRun as StoredFeatures
from keras_cxr.prediction.table import UNFAMILIARITY

if TYPE_CHECKING:
    from keras_cxr.prediction.serving.choose import Choice

FILE = "familiarity.npz"
_PARTS = ("features", "pictures")


@dataclasses.dataclass(frozen=True)
class Familiarity:
    """What a model's folder keeps of its training films: means and variances of numbers; nothing of any one film.

    Attributes:
        layer: Whose output the features are.
        features, pictures: What is usual of the features, and of ``evaluation.pixel_statistics``.
    """

    layer: str
    features: Familiar
    pictures: Familiar

    def of(self, vectors: np.ndarray, films: np.ndarray) -> np.ndarray:
        """Unfamiliarity (n,) of films (n, size, size, 1) uint8 with feature vectors (n, width).

        Raises:
            CxrError: The vectors are another network's.
        """
        if vectors.shape[1:] != self.features.mean.shape:
            raise CxrError(
                f"{FILE} is of a network with {len(self.features.mean)} features, not {vectors.shape[1]}: it belongs "
                f"to another model. Delete it to do without the column '{UNFAMILIARITY}', or train anew."
            )
        return larger((self.features, self.pictures), (vectors, statistics_of(films)))


def statistics_of(films: np.ndarray) -> np.ndarray:
    """The pixel statistics (n, 8) float64 of canvases (n, size, size, 1) uint8."""
    return np.stack([pixel_statistics(film[..., 0]) for film in films])


def write_familiarity(folder: pathlib.Path, familiarity: Familiarity) -> None:
    """Write ``familiarity.npz`` to the folder of a saved model, whole or not at all."""
    arrays = {
        f"{part}_{name}": array
        for part in _PARTS
        for name, array in dataclasses.asdict(getattr(familiarity, part)).items()
    }
    with whole_file(folder / FILE) as temporary:
        np.savez(temporary, layer=familiarity.layer, **arrays)


def read_familiarity(model: SavedModel) -> Familiarity | None:
    """What ``write_familiarity`` wrote; None where the folder has no such file, as those of older versions.

    Raises:
        CxrError: The file is damaged.
    """
    file = model.folder / FILE
    if not file.is_file():
        return None
    names = [field.name for field in dataclasses.fields(Familiar)]
    try:
        with np.load(file) as content:
            parts = [Familiar(*(content[f"{part}_{name}"] for name in names)) for part in _PARTS]
            return Familiarity(str(content["layer"]), *parts)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as fault:
        raise CxrError(
            f"'{file}' is damaged ({fault}). Copy it again, or delete it to do without the column '{UNFAMILIARITY}'."
        ) from fault


class FamiliarRun:
    """A ``Run``, films to logits, that also tells how unfamiliar the films are.

    Attributes:
        features: Films to vectors (n, width) and logits (n, units).
        familiarity: What the films are held against.
        stands_for: The run that was chosen, None for Keras.
    """

    def __init__(self, features: FeatureRun, familiarity: Familiarity, stands_for: Run | None = None):
        self.features, self.familiarity, self.stands_for = features, familiarity, stands_for

    def __call__(self, films: np.ndarray) -> np.ndarray:
        """Logits (n, units) of films (n, size, size, 1) uint8."""
        return self.features(films)[1]

    def with_unfamiliarity(self, films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits (n, units) and unfamiliarity (n,) of films (n, size, size, 1) uint8."""
        vectors, logits = self.features(films)
        return logits, self.familiarity.of(vectors, films)


def with_familiarity(model: SavedModel, choice: "Choice") -> tuple["Choice", str]:
    """The choice with a ``FamiliarRun`` in place of its run, where the model keeps what that needs and the runtime can.

    Args:
        model: The saved model.
        choice: Of ``choose.choose`` or ``stored_features.through_store``. Where it is Keras, the network is loaded.

    Returns:
        The choice, as it was for an older model, one of several networks, or a runtime without features; and for
        this last a note for the user, else ''.

    Raises:
        CxrError: ``familiarity.npz`` is damaged.
    """
    familiarity = read_familiarity(model)
    if familiarity is None:
        return choice, ""
    features = _features(model, choice, familiarity.layer)
    if features is None:
        return (
            choice,
            f"No column '{UNFAMILIARITY}': the runtime {choice.name} gives no features. --runtime keras does.",
        )
    return dataclasses.replace(choice, run=FamiliarRun(features, familiarity, choice.run)), ""


def _features(model: SavedModel, choice: "Choice", layer: str) -> FeatureRun | None:
    """Films to vectors and logits by the runtime of the choice; None where it gives no vectors."""
    if isinstance(choice.run, StoredFeatures):
        return _stored(choice.run)
    kind, _, precision = choice.name.partition(" ")
    if choice.run is None or kind == "keras":
        from keras_cxr.models.embedding import embedding

        return embedding(model.network(), layer)
    known = architectures().get(model.card.architecture)
    load = getattr(find(kind), "load_with_features", None)
    if load is None or known is None:
        return None
    try:
        return load(model.folder / FOLDER, precision, model.card.preprocessing["size"], known.backbone)
    except LookupError:
        return None


def _stored(run: StoredFeatures) -> FeatureRun:
    def vectors_and_logits(films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        vectors = run.features(films)
        return vectors, run.logits(vectors)

    return vectors_and_logits

"""The feature vectors that a faster runtime gives beside the logits."""

import dataclasses

import numpy as np

from keras_cxr.errors import CxrError
from keras_cxr.models.registry import architectures
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.choose import choose
from keras_cxr.prediction.serving.runtime_record import FOLDER
from keras_cxr.prediction.serving.runtimes import FeatureRun, find


@dataclasses.dataclass(frozen=True)
class FeatureRuntime:
    """A runtime that gives features.

    Attributes:
        name: Runtime and precision, for the user.
        layer: Whose output the features are, for the user.
        run: Films (n, size, size, 1) to vectors (n, width) and logits (n, units), float32.
    """

    name: str
    layer: str
    run: FeatureRun

    def __call__(self, films: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors and logits."""
        return self.run(films)


def feature_runtime(model: SavedModel, runtime: str = "auto", precision: str = "auto") -> FeatureRuntime | None:
    """The runtime that ``choose`` finds, with the network's default features; None stands for Keras.

    TensorFlow is not imported. Which features they are is known of the networks in the registry: the pooled ones of a
    network on a backbone, of another what its last layer receives.

    Raises:
        UsageError, CxrError: As ``choose``; the runtime asked for by name gives no features of this model.
    """
    choice = choose(model, runtime, precision)
    kind, _, chosen = choice.name.partition(" ")
    known = architectures().get(model.card.architecture)
    load = getattr(find(kind), "load_with_features", None)
    if choice.run is None or load is None or known is None or "members" in model.card.training:
        if runtime in ("auto", "keras"):
            return None
        raise CxrError(f"The runtime {kind} gives no features of {model.folder}. Try --runtime keras.")
    try:
        run = load(model.folder / FOLDER, chosen, model.card.preprocessing["size"], known.backbone)
    except LookupError as fault:
        raise CxrError(f"'{model.folder}': {fault}. Try --runtime keras.") from fault
    return FeatureRuntime(choice.name, "pool" if known.backbone else "the input of logits", run)

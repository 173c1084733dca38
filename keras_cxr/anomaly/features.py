"""Films to the feature vectors that normal films are compared by: a saved model's, or a frozen ImageNet backbone's."""

import os
import pathlib
import shutil
from typing import Protocol

import numpy as np

from keras_cxr.data.lungs import LungMasks
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import UsageError
from keras_cxr.files import whole_file
from keras_cxr.lungs.source import OWN as LUNGS
from keras_cxr.lungs.source import masks_for
from keras_cxr.models.saved_model import CARD, NETWORK, SavedModel, open_model
from keras_cxr.prediction.embedding.embed import Embedder
from keras_cxr.prediction.serving.feature_runtime import feature_runtime
from keras_cxr.prediction.serving.runtime_record import FOLDER as RUNTIMES

# Within the anomaly model's folder: the saved model whose features they are. The folder is the whole record.
OWN = "features"


class Features(Protocol):
    """Films (n, size, size, 1) uint8 to vectors (n, width) float32."""

    preprocessing: Preprocessing
    masks: LungMasks | None
    origin: dict
    """For the card: the network and what it was trained on."""

    def __call__(self, films: np.ndarray) -> np.ndarray:
        """Vectors."""

    def save(self, folder: pathlib.Path) -> None:
        """Put what computes them into the folder of an anomaly model."""


class ModelFeatures:
    """The features of a saved model, by its fastest runtime."""

    def __init__(self, model: SavedModel, origin: dict | None = None):
        """``origin`` is that of the card, where the model was saved before.

        Raises:
            CxrError: The model cannot be loaded.
            UsageError: It is an ensemble.
        """
        if members := model.card.training.get("members"):
            raise UsageError(
                f"'{model.folder}' is an ensemble, which has no features of its own. Name one of its networks, such as "
                f"{model.folder / members[0]}."
            )
        self._model, self.masks = model, masks_for(model)
        self._embedder = Embedder(model, feature_cache=False, masks=self.masks, runtime=feature_runtime(model))
        self.preprocessing = self._embedder.preprocessing
        self.origin = origin or _origin(model)

    def __call__(self, films: np.ndarray) -> np.ndarray:
        """See ``Features``."""
        return self._embedder(films)[0]

    def save(self, folder: pathlib.Path) -> None:
        """See ``Features``."""
        (folder / OWN).mkdir(parents=True)
        for name in (CARD, NETWORK):
            shutil.copyfile(self._model.folder / name, folder / OWN / name)
        for name in (RUNTIMES, LUNGS):
            if (self._model.folder / name).is_dir():
                shutil.copytree(self._model.folder / name, folder / OWN / name)


def _origin(model: SavedModel) -> dict:
    from keras_cxr.models.embedding import default_layer
    from keras_cxr.models.trunk import CUT, has_frozen_trunk

    network = model.network()
    layer = default_layer(network)
    frozen = layer == CUT and has_frozen_trunk(network)
    return {
        "model": model.card.name,
        "architecture": model.card.architecture,
        "layer": layer,
        "frozen": frozen,
        "trained_on": "other pictures; frozen since" if frozen else f"all of {', '.join(model.card.classes)}",
        "fingerprint": model.card.data.get("fingerprint", ""),
    }


class BackboneFeatures:
    """The pooled features of a frozen backbone with published weights."""

    masks = None

    def __init__(self, trunk, origin: dict):
        """``trunk``: a Keras model from films (batch, size, size, 1) to vectors (batch, width)."""
        from keras_cxr.models.trunk import features

        self._trunk, self._run, self.origin = trunk, features(trunk), origin
        self.preprocessing = Preprocessing(trunk.input_shape[1])

    def __call__(self, films: np.ndarray) -> np.ndarray:
        """See ``Features``."""
        return self._run(films)

    def save(self, folder: pathlib.Path) -> None:
        """See ``Features``."""
        with whole_file(folder / NETWORK) as temporary:
            self._trunk.save(temporary)


def backbone_features(
    architecture: str, weights: str | os.PathLike, features_from: str | None = None, size: int | None = None
) -> BackboneFeatures:
    """The pooled features of an architecture on a backbone; arguments as of ``models.network.build``.

    Raises:
        UsageError: It has no backbone, or something else that cannot be meant.
        CxrError: The weights cannot be had or do not fit.
    """
    from keras_cxr.models.network import build
    from keras_cxr.models.registry import find
    from keras_cxr.models.trunk import CUT, trunk_of

    if not find(architecture).backbone:
        raise UsageError(f"The features need an architecture on a backbone. Received: {architecture}. Try -a resnet50.")
    trunk = trunk_of(build(architecture, 2, size, weights, features_from))
    random = str(weights) == "none"
    origin = {
        "architecture": architecture,
        "weights": os.path.basename(weights),
        "features_from": features_from,
        "layer": CUT,
        "frozen": True,
        "trained_on": "nothing: random weights" if random else "the pictures of its weights file",
    }
    return BackboneFeatures(trunk, origin)


def load_features(model: SavedModel) -> Features:
    """The features that an anomaly model, whose card is an ``AnomalyCard``, was saved with.

    Raises:
        CxrError: They are missing or damaged.
    """
    origin = model.card.features
    if (model.folder / OWN).is_dir():
        return ModelFeatures(open_model(model.folder / OWN), origin)
    return BackboneFeatures(model.network(), origin)

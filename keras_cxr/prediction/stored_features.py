"""Films to logits by way of the stored features of a frozen backbone: a film that is stored never passes it again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from keras_cxr.cache import cache_folder
from keras_cxr.data.feature_store import FeatureStore, film_key, open_store
from keras_cxr.data.films import Film
from keras_cxr.files import write_text
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.serving.runtime_record import network_fingerprint

if TYPE_CHECKING:
    import keras


class FeatureRun:
    """A ``Run`` on Keras: films (n, size, size, 1) uint8 to logits (n, units) float32, through the store.

    Attributes:
        digest: Of the trunk.
        found, computed: Films so far whose features were stored, and which passed the backbone and are stored now.
    """

    def __init__(self, model: SavedModel, network: "keras.Model"):
        """``network`` is that of ``model`` and has a frozen trunk."""
        import tensorflow as tf

        from keras_cxr.models.trunk import features, head_of, trunk_digest, trunk_of

        trunk, head = trunk_of(network), head_of(network)
        self.digest, self.found, self.computed = trunk_digest(trunk), 0, 0
        self._store, self._trunk = open_store(self.digest), features(trunk)
        signature = [tf.TensorSpec((None, trunk.output_shape[-1]), tf.float32)]
        self._head = tf.function(lambda vectors: tf.cast(head(vectors, training=False), tf.float32), signature)
        write_text(_digest_file(model), self.digest)

    def features(self, films: np.ndarray) -> np.ndarray:
        """Pooled features (n, width) float32."""
        keys = [film_key(film) for film in films]
        missing = self._store.missing(keys)
        if missing:
            self._store.add(missing, self._trunk(films[[keys.index(key) for key in missing]]))
        self.computed += len(missing)
        self.found += len(keys) - len(missing)
        return self._store.read(keys)

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Logits (n, units) float32 of pooled features (n, width)."""
        return self._head(features).numpy()

    def __call__(self, films: np.ndarray) -> np.ndarray:
        """See the class."""
        return self.logits(self.features(films))

    def account(self) -> str:
        """How many films were found, for the user."""
        return f"Backbone features: {self.found} films from the store, {self.computed} computed."


def all_stored(model: SavedModel, films: Iterable[Film]) -> bool:
    """Whether the features of every readable film are stored, told without TensorFlow and at the first that is not.

    Known for models that a ``FeatureRun`` has served before; for others, False.
    """
    digest = _known_digest(model)
    if not digest:
        return False
    store: FeatureStore = open_store(digest)
    return not any(film.pixels is not None and store.missing([film_key(film.pixels)]) for film in films)


def through_store(model: SavedModel, choice: Choice) -> Choice:
    """The choice with stored features in its place: of Keras, where the backbone is frozen; of another runtime, whose
    films ``all_stored`` has found, where the features are still those of this version of the program.
    """
    from keras_cxr.models.forward import forward
    from keras_cxr.models.trunk import has_frozen_trunk

    known, network = _known_digest(model), model.network()
    if not has_frozen_trunk(network):
        return Choice(choice.name, choice.run or forward(network), choice.note)
    run = FeatureRun(model, network)
    if choice.run is None:
        return Choice(choice.name, run, choice.note)
    return Choice("stored features", run) if run.digest == known else choice


def _known_digest(model: SavedModel) -> str:
    file = _digest_file(model)
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _digest_file(model: SavedModel):
    return cache_folder() / "features" / f"{network_fingerprint(model)[:32]}.trunk"

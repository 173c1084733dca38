"""A network that a faster runtime computes, made ready to be explained: TensorFlow is not needed.

It gives the methods the logits of films, and of the layer before the last pooling maps and gradients, where the head
behind it is simple (see `shown_layer`). All else is left to Keras.
"""

import functools
from collections.abc import Callable

import numpy as np

from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.explain.explainable import Explainable
from keras_cxr.explain.finite import finite
from keras_cxr.explain.grid import Grid
from keras_cxr.explain.shown_layer import ShownLayer, read_shown_layer
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.serving.choose import Choice
from keras_cxr.prediction.serving.runtime_record import FOLDER
from keras_cxr.prediction.serving.runtimes import FeatureRun, find

# Logits of the head in float32 against the runtime's own, relative: lower precisions round within the head too.
TOLERANCE = {"float32": 1e-3}
LOWER_TOLERANCE = 0.1


class NotServedError(Exception):
    """What is asked for needs Keras; the message says why."""


class FastNetwork(Explainable):
    """See `Explainable`; what the runtime does not give raises a ``NotServedError``.

    Args:
        model: The saved model.
        choice: Its runtime, not Keras.
    """

    def __init__(self, model: SavedModel, choice: Choice):
        size, classes = model.card.preprocessing["size"], len(model.card.classes)
        self.input_shape = (size, size, 1)
        self.sigmoid = classes == 2 or model.card.task == MULTI_LABEL
        self.width = classes if classes > 2 or model.card.task == MULTI_LABEL else 1
        self._folder, self._run = model.folder / FOLDER, choice.run
        self._kind, _, self._precision = choice.name.partition(" ")
        self.low_precision = self._precision != "float32"
        self._labelled: tuple[np.ndarray, np.ndarray] | None = None

    def shown_layer(self, name: str | None) -> str:
        """The name of the layer to show: the one before the last pooling."""
        if name not in (None, self._shown.layer):
            raise NotServedError(f"{self._kind} gives the maps of layer '{self._shown.layer}' alone, not '{name}'")
        return self._shown.layer

    def grid(self, layer: str, size: tuple[int, int]) -> Grid:
        """See `Explainable.grid`."""
        return self._shown.grid

    def logits(self, images: np.ndarray) -> np.ndarray:
        """See `Explainable.logits`."""
        # With the maps, where there are any: what explains a batch most often labels it first.
        if "_maps" not in vars(self):
            return finite(self._run(images), "The network's logits")
        maps, logits = self._maps(images)
        self._labelled = images, maps
        return finite(logits, "The network's logits")

    def features(self, layer: str) -> Callable[[np.ndarray], np.ndarray]:
        """See `Explainable.features`."""
        self._maps  # noqa: B018 - what cannot be served is told before the first film
        return lambda images: finite(self._features(images), f"The feature maps of layer '{layer}'")

    def gradients(
        self, combine: Callable, layer: str | None = None, channel_weights: Callable | None = None
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """See `Explainable.gradients`; in place of ``combine`` it takes the ``channel_weights``."""
        if layer is None or channel_weights is None:
            raise NotServedError(f"{self._kind} does not compute this method's gradients")
        features = self.features(layer)

        def run(images: np.ndarray, weights: np.ndarray) -> np.ndarray:
            maps = features(images)
            gradients = self._shown.gradients(maps.mean(axis=(1, 2)), weights) / (maps.shape[1] * maps.shape[2])
            found = np.matmul(maps, channel_weights(gradients)[:, None, :, None])[..., 0]
            return finite(np.maximum(found, 0), f"The gradients of layer '{layer}'")

        return run

    def only_kernel(self, layer: str) -> np.ndarray:
        """See `Explainable.only_kernel`."""
        if len(self._shown.head) > 1:
            raise NotServedError("several dense layers follow the maps")
        return self._shown.head[0].kernel

    @functools.cached_property
    def _shown(self) -> ShownLayer:
        shown = read_shown_layer(self._folder)
        if shown is None or not hasattr(find(self._kind), "load_with_maps"):
            raise NotServedError(f"{self._kind} gives no maps of this model")
        return shown

    @functools.cached_property
    def _maps(self) -> FeatureRun:
        """Films to maps and logits, made sure that the head makes these logits of these maps."""
        try:
            run = find(self._kind).load_with_maps(self._folder, self._precision, self.input_shape[0])
        except LookupError as fault:
            raise NotServedError(f"{self._kind} gives no maps of this model: {fault}") from fault
        maps, logits = run(np.random.default_rng(0).integers(0, 256, (2, *self.input_shape)).astype("float32"))
        tolerance = TOLERANCE.get(self._precision, LOWER_TOLERANCE)
        shape = maps.shape[-1:]
        if shape != self._shown.head[0].kernel.shape[:1] or not np.allclose(
            self._shown.logits(maps.mean(axis=(1, 2))), logits, rtol=tolerance, atol=tolerance
        ):
            raise NotServedError(f"{self._kind} gives other maps than those of layer '{self._shown.layer}'")
        return run

    def _features(self, images: np.ndarray) -> np.ndarray:
        """Maps of films; those of films that were labelled just before are at hand, once."""
        labelled, self._labelled = self._labelled, None
        if labelled is not None and np.array_equal(labelled[0], images):
            return labelled[1]
        return self._maps(images)[0]

"""A saved model and a heatmap method: films on their canvas to labels and maps."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film
from keras_cxr.errors import UsageError, unknown_name
from keras_cxr.explain.method import Found, Method
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.request import Request
from keras_cxr.explain.smooth import smoothed
from keras_cxr.models.forward import forward
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.label_films import label_chunk


@dataclasses.dataclass
class Explanation:
    """What a chunk of films came to.

    Attributes:
        predictions: Predictions table of the films.
        maps: (films, size, size) float32 in [0, 1], on the canvas.
        empty: (films,) bool: no evidence for the class.
        shown: What each map is for: the class, or the class and the one that it is held against.
        extras: Further arrays (films, …) by name, where the method has any.
    """

    predictions: pd.DataFrame
    maps: np.ndarray
    empty: np.ndarray
    shown: list[str]
    extras: dict[str, np.ndarray]


class Explainer:
    """Explains films by a saved model.

    Attributes:
        title: The method's name as its paper writes it.
        layer: The names of the layers that are shown, or None where the method shows pixels.
        films_at_once: How many films to hand over in one call.

    Raises:
        UsageError: An unknown class or layer, an ensemble, or what the method does not take.
    """

    def __init__(self, model: SavedModel, request: Request | None = None):
        if members := model.card.training.get("members"):
            raise UsageError(
                f"'{model.folder}' is an ensemble of {len(members)} networks. Explain one of them: "
                f"-m {model.folder / members[0]}"
            )
        request = request or Request()
        entry = request.entry()
        self._card, self._smooth, self._class_specific = model.card, request.smooth, entry.class_specific
        self._chosen = _class_index(model.card.classes, request.class_name)
        self._against = _class_index(model.card.classes, request.against)
        if self._against is not None and self._against == self._chosen:
            raise UsageError(f"--against must name another class than --class. Received: '{request.against}' twice.")
        network = model.network()
        self._run = forward(network)
        chosen = [{"layer": layer} for layer in request.layers] or [{}]
        self._methods: list[Method] = [entry.method(network, **layer, **request.settings) for layer in chosen]
        self.title = entry.title
        self.layer = " + ".join(method.layer for method in self._methods if method.layer) or None
        self.films_at_once = self._methods[0].films_at_once

    def explain(self, films: list[Film]) -> Explanation:
        """Explain readable films, at least one."""
        classes = self._card.classes
        canvases = np.stack([film.pixels for film in films])[..., np.newaxis].astype(np.float32)
        table = label_chunk(self._card, films, self._run(canvases))
        own = [classes.index(label) for label in table["label"]]
        shown = np.array(own if self._chosen is None else [self._chosen] * len(films))
        found: list[Found] = []

        def maps(images):
            parts = [method.explain(images, shown, self._against) for method in self._methods]
            found.extend(parts)
            large = [
                normalise(method.upsample(part.maps, images.shape[1:3]))
                for method, part in zip(self._methods, parts, strict=True)
            ]
            return np.mean(large, axis=0)

        fused = normalise(smoothed(maps, canvases, self._smooth))
        empty = np.all([part.empty for part in found], axis=0)
        return Explanation(table, fused, empty, [self._shown(index) for index in shown], found[0].extras)

    def _shown(self, index: int) -> str:
        if not self._class_specific:
            return "every class"
        against = "" if self._against is None else f" against {self._card.classes[self._against]}"
        return self._card.classes[index] + against


def _class_index(classes: list[str], name: str | None) -> int | None:
    if name is None:
        return None
    by_lower = {known.lower(): index for index, known in enumerate(classes)}
    if name.lower() not in by_lower:
        raise unknown_name("class", name, classes)
    return by_lower[name.lower()]

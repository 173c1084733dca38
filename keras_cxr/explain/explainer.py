"""A saved model and a heatmap method: films on their canvas to labels and maps."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film
from keras_cxr.errors import UsageError, unknown_name
from keras_cxr.evaluation.calibration import probabilities
from keras_cxr.evaluation.task import MULTI_LABEL
from keras_cxr.explain.explainable import Explainable
from keras_cxr.explain.method import Found, Method
from keras_cxr.explain.normalise import normalise
from keras_cxr.explain.ready import explainable
from keras_cxr.explain.request import Request
from keras_cxr.explain.smooth import smoothed
from keras_cxr.models.saved_model import Card, SavedModel
from keras_cxr.prediction.label_films import label_chunk
from keras_cxr.prediction.serving.runtimes import Run

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass
class Explanation:
    """What a chunk of films came to.

    Attributes:
        predictions: Predictions table of the films.
        maps: (films, size, size) float32 in [0, 1], on the canvas.
        empty: (films,) bool: no evidence for the class.
        index: (films,) int, the class that each map is for.
        shown: The same in words: the class, or the class and the one that it is held against.
        extras: Further arrays (films, …) by name, where the method has any.
    """

    predictions: pd.DataFrame
    maps: np.ndarray
    empty: np.ndarray
    index: np.ndarray
    shown: list[str]
    extras: dict[str, np.ndarray]


class Explainer:
    """Explains films by a saved model.

    Args:
        model: The saved model.
        request: What to show; by default Grad-CAM of each film's own label.
        network: The model's network, where it is loaded already; made ready, it serves several explainers.
        run: Films to logits by a faster runtime than the network, for labels and `probabilities`.

    Attributes:
        network: Its network, made ready.
        title: The method's name as its paper writes it.
        layer: The names of the layers that are shown, or None where the method shows pixels.
        model, card: The saved model, and its card.
        films_at_once: How many films to hand over in one call.

    Raises:
        UsageError: An unknown class or layer, an ensemble, or what the method does not take.
    """

    def __init__(
        self,
        model: SavedModel,
        request: Request | None = None,
        network: "keras.Model | Explainable | None" = None,
        run: Run | None = None,
    ):
        if members := model.card.training.get("members"):
            raise UsageError(
                f"'{model.folder}' is an ensemble of {len(members)} networks. Explain one of them: "
                f"-m {model.folder / members[0]}"
            )
        request = request or Request()
        entry = request.entry()
        self.model, self.card = model, model.card
        self._smooth, self._class_specific = request.smooth, entry.class_specific
        self._chosen = _class_index(model.card.classes, request.class_name)
        self._against = _class_index(model.card.classes, request.against)
        if self._against is not None and self._against == self._chosen:
            raise UsageError(f"--against must name another class than --class. Received: '{request.against}' twice.")
        self.network = explainable(network or model.network())
        self._run = run or self.network.logits
        chosen = [{"layer": layer} for layer in request.layers] or [{}]
        self._methods: list[Method] = [entry.method(self.network, **layer, **request.settings) for layer in chosen]
        self.title = entry.title
        self.layer = " + ".join(method.layer for method in self._methods if method.layer) or None
        self.films_at_once = self._methods[0].films_at_once

    def explain(self, films: list[Film]) -> Explanation:
        """Explain readable films, at least one."""
        canvases = canvases_of(films)
        table = label_chunk(self.card, films, self._run(canvases))
        own = _own_classes(self.card, table)
        index = np.array(own if self._chosen is None else [self._chosen] * len(films))
        maps, empty, extras = self.maps(canvases, index)
        return Explanation(table, maps, empty, index, [self._shown(one) for one in index], extras)

    def maps(self, canvases: np.ndarray, index: np.ndarray) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """The maps of canvases (n, size, size, 1), gray levels 0–255, for the class ``index`` (n,) of each.

        Returns:
            ``maps``, ``empty`` and ``extras`` of `Explanation`.
        """
        found: list[Found] = []

        def fused(images):
            parts = [method.explain(images, index, self._against) for method in self._methods]
            found.extend(parts)
            large = [
                normalise(method.upsample(part.maps, images.shape[1:3]))
                for method, part in zip(self._methods, parts, strict=True)
            ]
            return np.mean(large, axis=0) if len(large) > 1 else large[0]

        single = self._smooth == 1 and len(self._methods) == 1
        maps = fused(canvases) if single else normalise(smoothed(fused, canvases, self._smooth))
        return maps, np.all([part.empty for part in found], axis=0), found[0].extras

    def probabilities(self, canvases: np.ndarray) -> np.ndarray:
        """The calibrated probability of each class, (n, classes), for canvases (n, size, size, 1)."""
        return probabilities(self._run(canvases), self.card.temperature, self.card.task)

    def _shown(self, index: int) -> str:
        if not self._class_specific:
            return "every class"
        against = "" if self._against is None else f" against {self.card.classes[self._against]}"
        return self.card.classes[index] + against


def canvases_of(films: list[Film]) -> np.ndarray:
    """The canvases of readable films, float32 (n, size, size, 1)."""
    return np.stack([film.pixels for film in films])[..., np.newaxis].astype(np.float32)


def _own_classes(card: Card, predictions: pd.DataFrame) -> list[int]:
    """Of each film the class of its label; multi-label, the likeliest finding."""
    if card.task == MULTI_LABEL:
        return list(predictions[[f"p_{name}" for name in card.classes]].to_numpy().argmax(axis=1))
    return [card.classes.index(label) for label in predictions["label"]]


def _class_index(classes: list[str], name: str | None) -> int | None:
    if name is None:
        return None
    by_lower = {known.lower(): index for index, known in enumerate(classes)}
    if name.lower() not in by_lower:
        raise unknown_name("class", name, classes)
    return by_lower[name.lower()]

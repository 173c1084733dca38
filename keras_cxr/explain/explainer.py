"""A saved model and a heatmap method: films on their canvas to labels and maps."""

import dataclasses

import numpy as np
import pandas as pd

from keras_cxr.data.films import Film
from keras_cxr.errors import UsageError, unknown_name
from keras_cxr.explain.gradcam import GradCAM
from keras_cxr.explain.normalise import normalise
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
        shown: The class that each map is for.
    """

    predictions: pd.DataFrame
    maps: np.ndarray
    empty: np.ndarray
    shown: list[str]


class Explainer:
    """Explains films by a saved model, for one class or for each film's own label.

    Raises:
        UsageError: An unknown class or layer, or an ensemble.
    """

    def __init__(self, model: SavedModel, class_name: str | None = None, layer: str | None = None):
        if members := model.card.training.get("members"):
            raise UsageError(
                f"'{model.folder}' is an ensemble of {len(members)} networks. Explain one of them: "
                f"-m {model.folder / members[0]}"
            )
        self._card = model.card
        self._chosen = _class_index(model.card.classes, class_name)
        network = model.network()
        self.method, self._run = GradCAM(network, layer), forward(network)

    def explain(self, films: list[Film]) -> Explanation:
        """Explain readable films, at least one."""
        classes = self._card.classes
        canvases = np.stack([film.pixels for film in films])[..., np.newaxis].astype(np.float32)
        table = label_chunk(self._card, films, self._run(canvases))
        own = [classes.index(label) for label in table["label"]]
        shown = np.array(own if self._chosen is None else [self._chosen] * len(films))
        maps, empty = self.method.maps(canvases, shown)
        maps = normalise(self.method.upsample(maps, canvases.shape[1:3]))
        return Explanation(table, maps, empty, [classes[index] for index in shown])


def _class_index(classes: list[str], name: str | None) -> int | None:
    if name is None:
        return None
    by_lower = {known.lower(): index for index, known in enumerate(classes)}
    if name.lower() not in by_lower:
        raise unknown_name("class", name, classes)
    return by_lower[name.lower()]

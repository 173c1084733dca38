"""Films changed by their maps and shown to the network again: deletion, insertion, the film seen through its map."""

import cv2
import numpy as np

from keras_cxr.data.films import Film
from keras_cxr.evaluation.faithfulness import area_under, drop, increase, strongest_first
from keras_cxr.explain.copies import BATCH, batches
from keras_cxr.explain.explainer import Explainer, canvases_of

# The measure, and the column of the table of films that holds each film's part of it.
FILM_COLUMNS = {
    "deletion AUC": "deletion",
    "insertion AUC": "insertion",
    "average drop": "drop",
    "increase in confidence": "increase",
}
# Petsiuk et al. blur films of 224 pixels by 5 pixels.
_BLUR = 5 / 224


def faithfulness(explainer: Explainer, film: Film, heatmap: np.ndarray, index: int) -> dict[str, float]:
    """The scores of one map, by the names of `FILM_COLUMNS`.

    Deletion gives the pixels the film's mean gray level, the strongest first; insertion brings them back into the film
    blurred by a Gaussian of 5 pixels at 224. Drop and increase take the film times its map, as Chattopadhay et al. do:
    what the map leaves out becomes black.

    Args:
        explainer: Of the network.
        film: A readable film.
        heatmap: (size, size), 0–1, on the canvas.
        index: The class whose probability is followed.
    """
    image = canvases_of([film])[0]
    taken = strongest_first(heatmap)[..., np.newaxis]
    blurred = cv2.GaussianBlur(image[..., 0], (0, 0), _BLUR * len(image))[..., np.newaxis]
    probability = _probabilities(explainer, index)
    whole, explained = probability(np.stack([image, image * heatmap[..., np.newaxis]]))
    return {
        "deletion": float(area_under(probability(np.where(taken, image.mean(), image)))),
        "insertion": float(area_under(probability(np.where(taken, image, blurred)))),
        "drop": float(drop(whole, explained)),
        "increase": float(increase(whole, explained)),
    }


def _probabilities(explainer: Explainer, index: int):
    def run(images):
        parts = [explainer.probabilities(images[part])[:, index] for part in batches(len(images), BATCH)]
        return np.concatenate(parts)

    return run

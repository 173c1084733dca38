"""Integrated gradients: Sundararajan et al., "Axiomatic Attribution for Deep Networks", ICML 2017,
https://arxiv.org/abs/1703.01365.
"""

import numpy as np

from keras_cxr.explain.copies import BATCH, batches, score_of
from keras_cxr.explain.method import Method
from keras_cxr.explain.normalise import without_outliers
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target

# Rounds in which the steps are doubled, and when they suffice: the paper asks for a sum within 5 % of the difference.
_ROUNDS, _COMPLETE = 4, 0.005


@register(
    "integrated-gradients",
    "Integrated gradients",
    "each pixel's share of the score, as the film comes up from black",
    "Sundararajan et al., ICML 2017",
    "64 to 960 forward and backward, and 2 forward",
)
class IntegratedGradients(Method):
    """Gray levels times the mean gradient by them along the way from a black film, negative parts dropped.

    The brightest hundredth of the map's pixels is cut to one level, or a few pixels would be all to see.

    Args:
        model: See `Method`.
        steps: Points on the way, in the middles of equal stretches. Where the attributions' sum is off the difference
            of the scores of the film and a black one by more than 0.5 % they are doubled, up to three times; not in
            16 bits, whose rounding more steps do not cure.
        batch_size: Points a step of the network.
    """

    films_at_once = 1

    def __init__(self, model, steps: int = 64, batch_size: int = BATCH):
        super().__init__(model)
        self._steps, self._batch_size = steps, batch_size
        self._rounds = 1 if self.network.low_precision else _ROUNDS
        self._gradients = self.network.gradients(lambda films, gradients: gradients)

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        maps = np.maximum(self.attributions(images, target).sum(axis=-1), 0)
        return without_outliers(maps), {}

    def attributions(self, images: np.ndarray, target: Target) -> np.ndarray:
        """The signed shares, float64 (n, H, W, C), of films (n, H, W, C): they sum to score(film) − score(black)."""
        return np.stack([self._film(image, target.film(index)) for index, image in enumerate(images)])

    def _film(self, image: np.ndarray, target: Target) -> np.ndarray:
        difference = score_of(self.network, image, target) - score_of(self.network, np.zeros_like(image), target)
        for doubled in range(self._rounds):
            found = image * self._mean_gradient(image, target, self._steps * 2**doubled)
            # Where large parts of both signs cancel, half a percent of the rest is below rounding.
            if abs(found.sum() - difference) <= max(_COMPLETE * abs(difference), 1e-4 * np.abs(found).sum()):
                break
        return found

    def _mean_gradient(self, image: np.ndarray, target: Target, steps: int) -> np.ndarray:
        shares = ((np.arange(steps) + 0.5) / steps).astype("float32")
        total = np.zeros(image.shape)
        for part in batches(steps, self._batch_size):
            copies = shares[part, np.newaxis, np.newaxis, np.newaxis] * image
            weights = np.repeat(target.weights, len(copies), axis=0)
            total += self._gradients(copies, weights).sum(axis=0, dtype="float64")
        return total / steps

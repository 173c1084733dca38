"""SmoothGrad: Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017, https://arxiv.org/abs/1706.03825."""

import numpy as np

from keras_cxr.explain.copies import BATCH, batches
from keras_cxr.explain.method import Method
from keras_cxr.explain.normalise import without_outliers
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target


@register(
    "smoothgrad",
    "SmoothGrad",
    "the pixels that change the score most, for or against the class, over noisy copies of the film",
    "Smilkov et al., 2017",
    "1 forward and 1 backward a copy (32)",
)
class SmoothGrad(Method):
    """The absolute mean gradient by the gray levels of noisy copies of the film, the largest over channels.

    The brightest hundredth of the map's pixels is cut to one level, as the authors do.

    Args:
        model: See `Method`.
        samples: Noisy copies.
        noise: Standard deviation of the noise, as a share of the film's range of gray levels; the paper: 0.1 to 0.2.
        seed: Of the noise, the same for all films.
        batch_size: Copies of a film a step.
    """

    films_at_once = 1

    def __init__(self, model, samples: int = 32, noise: float = 0.15, seed: int = 0, batch_size: int = BATCH):
        super().__init__(model)
        self._samples, self._noise, self._seed, self._batch_size = samples, noise, seed, batch_size
        self._gradients = self.network.gradients(lambda films, gradients: gradients)

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        gradients = np.stack([self._film(image, target.film(index)) for index, image in enumerate(images)])
        return without_outliers(np.abs(gradients).max(axis=-1)), {}

    def _film(self, image: np.ndarray, target: Target) -> np.ndarray:
        draw, total = np.random.default_rng(self._seed), np.zeros(image.shape)
        for part in batches(self._samples, self._batch_size):
            noise = draw.standard_normal((part.stop - part.start, *image.shape), dtype="float32")
            copies = image + self._noise * np.ptp(image) * noise
            weights = np.repeat(target.weights, len(copies), axis=0)
            total += self._gradients(copies, weights).sum(axis=0, dtype="float64")
        return total / self._samples

"""LIME: Ribeiro et al., "“Why Should I Trust You?”: Explaining the Predictions of Any Classifier", KDD 2016,
https://arxiv.org/abs/1602.04938.
"""

import numpy as np

from keras_cxr.explain.copies import BATCH, alike, batches, check_fill, fill_level
from keras_cxr.explain.extras import extra
from keras_cxr.explain.method import Method
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target

# As in the authors' program: half of the superpixels are taken away, the kernel's width, the penalty.
_KEPT, _WIDTH, _PENALTY = 0.5, 0.25, 1.0
# Where SLIC starts, for gray levels of 0–1; its default is for colours of 0–100 and cuts a film into squares.
_COMPACTNESS = 0.1


@register(
    "lime",
    "LIME",
    "the superpixels that a linear model of the score, fitted to films with some taken away, counts for the class",
    "Ribeiro et al., KDD 2016",
    "1 forward a sample (1,000)",
)
class LIME(Method):
    """Each superpixel's weight in a ridge regression of the score on which of them are there, negative ones dropped.

    Samples count by ``exp(-d² / (2 · 0.25²))``, d being the cosine distance to the whole film, and the penalty is 1:
    the defaults of the authors' program. The superpixels are SLIC's (Achanta et al., IEEE TPAMI
    2012) with a compactness that adapts to each of them.

    Args:
        model: See `Method`.
        samples: Films with superpixels taken away, the whole film among them.
        segments: Superpixels to look for in a film; SLIC finds a few more or less.
        fill: What stands in place of a superpixel: "mean", the film's mean gray level, or "black".
        seed: Of the draw of what is taken away, the same for all films.
        batch_size: Samples a step.

    Raises:
        UsageError: Another fill.
        CxrError: scikit-image is not installed.
    """

    films_at_once = 1

    def __init__(
        self,
        model,
        samples: int = 1000,
        segments: int = 60,
        fill: str = "mean",
        seed: int = 0,
        batch_size: int = BATCH,
    ):
        super().__init__(model)
        self._slic = extra("skimage.segmentation", "lime", "LIME").slic
        self._samples, self._segments, self._fill = samples, segments, check_fill(fill)
        self._seed, self._batch_size = seed, batch_size

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        return np.stack([self._film(image, target.film(index)) for index, image in enumerate(images)]), {}

    def superpixels(self, image: np.ndarray) -> np.ndarray:
        """The superpixel, int (H, W) counted from 0, of each pixel of a film (H, W, C) of gray levels."""
        return self._slic(
            image / 255,
            self._segments,
            compactness=_COMPACTNESS,
            sigma=1,
            slic_zero=True,
            start_label=0,
            channel_axis=-1,
            convert2lab=False,
        )

    def _film(self, image: np.ndarray, target: Target) -> np.ndarray:
        parts = self.superpixels(image)
        there = np.random.default_rng(self._seed).random((self._samples, parts.max() + 1)) < _KEPT
        there[0] = True
        scores = np.concatenate(
            [
                target.scores(self.network.logits(self._changed(image, parts, there[part])))
                for part in batches(self._samples, self._batch_size)
            ]
        )
        if alike(scores):
            return np.zeros(parts.shape)
        return np.maximum(linear_model(there, scores), 0)[parts]

    def _changed(self, image: np.ndarray, parts: np.ndarray, there: np.ndarray) -> np.ndarray:
        return np.where(there[:, parts, np.newaxis], image, fill_level(image, self._fill)).astype("float32")


def linear_model(there: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The weight of each part, float64 (parts,), in the linear model of the scores around the whole film.

    Args:
        there: bool (samples, parts), which parts each sample has.
        scores: float (samples,).
    """
    from sklearn.linear_model import Ridge

    # The cosine between a row of zeros and ones and one of ones alone.
    distance = 1 - np.sqrt(there.mean(axis=1))
    near = np.exp(-((distance / _WIDTH) ** 2) / 2)
    return Ridge(alpha=_PENALTY).fit(there.astype("float64"), scores, sample_weight=near).coef_

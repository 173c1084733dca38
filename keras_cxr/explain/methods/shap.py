"""SHAP's partition explainer: Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions", NeurIPS 2017,
https://arxiv.org/abs/1705.07874.
"""

import numpy as np

from keras_cxr.explain.copies import BATCH, alike, check_fill, fill_level
from keras_cxr.explain.extras import extra
from keras_cxr.explain.method import Method
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target


@register(
    "shap",
    "SHAP",
    "each rectangle's share of the score, fairly divided, over ever smaller halves of the film",
    "Lundberg and Lee, NeurIPS 2017",
    "1 forward a sample (500), and 2",
)
class SHAP(Method):
    """Owen values of the film's pixels, negative parts dropped: Shapley values that halve the film again and again.

    Halves with the largest share are divided first; where the samples end, a rectangle's share is spread evenly over
    its pixels. The signed shares sum to the difference of the scores of the film and of a gray one.

    Args:
        model: See `Method`.
        samples: Films with rectangles taken away.
        fill: What stands in place of a rectangle: "mean", the film's mean gray level, or "black".
        seed: Decides which of two rectangles of the same share is divided first.
        batch_size: Samples a step.

    Raises:
        UsageError: Another fill.
        CxrError: shap is not installed.
    """

    films_at_once = 1

    def __init__(self, model, samples: int = 500, fill: str = "mean", seed: int = 0, batch_size: int = BATCH):
        super().__init__(model)
        self._shap = extra("shap", "shap", "SHAP")
        self._samples, self._fill, self._seed, self._batch_size = samples, check_fill(fill), seed, batch_size
        self._masker = None

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        return np.maximum(self.attributions(images, target).sum(axis=-1), 0), {}

    def attributions(self, images: np.ndarray, target: Target) -> np.ndarray:
        """The signed shares, float64 (n, H, W, C), of films (n, H, W, C): they sum to score(film) − score(gray)."""
        return np.stack([self._film(image, target.film(index)) for index, image in enumerate(images)])

    def _film(self, image: np.ndarray, target: Target) -> np.ndarray:
        seen = []

        def scores(films):
            found = target.scores(self.network.logits(films))
            seen.append(found)
            return found

        explainer = self._shap.PartitionExplainer(scores, self._masked(image))
        # It draws from NumPy's own generator, whose state is the user's.
        before = np.random.get_state()
        np.random.seed(self._seed)
        try:
            found = explainer(
                image[np.newaxis], max_evals=self._samples + 2, batch_size=self._batch_size, silent=True
            ).values[0]
        finally:
            np.random.set_state(before)
        return np.zeros(image.shape) if alike(np.concatenate(seen)) else found

    def _masked(self, image: np.ndarray):
        """What takes rectangles from a film; its tree of halves takes long to make and serves all films of a size."""
        if self._masker is None or self._masker.input_shape != image.shape:
            self._masker = self._shap.maskers.Image(np.zeros(image.shape, "float32"))
        self._masker.mask_value = np.broadcast_to(fill_level(image, self._fill), image.shape).ravel()
        return self._masker

"""RISE: Petsiuk et al., "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018,
https://arxiv.org/abs/1806.07421.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from keras_cxr.explain.copies import BATCH, alike
from keras_cxr.explain.method import Method
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target

# As in the paper: masks of 7 × 7 cells, each open by half a chance.
CELLS, OPEN = 7, 0.5


@register(
    "rise",
    "RISE",
    "where the film has to be open for a high score, over many random masks",
    "Petsiuk et al., BMVC 2018",
    "1 forward a mask (2,000)",
)
class RISE(Method):
    """The mean of random masks, each weighted by the score of the film seen through it, negative parts dropped.

    Equation 6 of the paper, ``sum_i score_i M_i / (N p)``, with scores less their mean: logits may be negative, and
    what all masks have in common is the same for every pixel but for chance.

    Args:
        model: See `Method`.
        masks: How many, the same for all films.
        seed: Of their draw.
        batch_size: Masks a step.
    """

    films_at_once = 1

    def __init__(self, model, masks: int = 2000, seed: int = 0, batch_size: int = BATCH):
        super().__init__(model)
        self._masks, self._seed, self._batch_size = masks, seed, batch_size

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        return np.stack([self._film(image, target.film(index)) for index, image in enumerate(images)]), {}

    def _film(self, image: np.ndarray, target: Target) -> np.ndarray:
        weighted, plain, differences, scores = 0.0, 0.0, 0.0, []
        for masks in random_masks(self._masks, image.shape[:2], self._seed, self._batch_size):
            found = target.scores(self.network.logits(image * masks[..., np.newaxis]))
            scores.append(found)
            # Less the first: a score that never changes leaves exactly nothing.
            found = found - scores[0][0]
            weighted = weighted + np.tensordot(found, masks, 1)
            plain = plain + masks.sum(axis=0, dtype="float64")
            differences += found.sum()
        if alike(np.concatenate(scores)):
            return np.zeros(image.shape[:2])
        return np.maximum(weighted - differences / self._masks * plain, 0) / (self._masks * OPEN)


def random_masks(count: int, size: tuple[int, int], seed: int, batch_size: int) -> Iterator[np.ndarray]:
    """Draw the masks of section 3.2: small random grids, enlarged bilinearly and shifted by up to a cell.

    Args:
        count: How many.
        size: (height, width) in pixels.
        seed: Of the draw, which does not depend on ``batch_size``.
        batch_size: Masks that come together.

    Yields:
        float32 (up to batch_size, height, width) in [0, 1].
    """
    grids = np.random.default_rng(seed)
    shifts = np.random.default_rng((seed, 1))
    cell = tuple(-(-side // CELLS) for side in size)
    for start in range(0, count, batch_size):
        masks = np.empty((min(batch_size, count - start), *size), "float32")
        for mask in masks:
            grid = (grids.random((CELLS, CELLS)) < OPEN).astype("float32")
            large = cv2.resize(grid, ((CELLS + 1) * cell[1], (CELLS + 1) * cell[0]), interpolation=cv2.INTER_LINEAR)
            top, left = shifts.integers(0, cell)
            mask[:] = large[top : top + size[0], left : left + size[1]]
        yield masks

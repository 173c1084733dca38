"""Occlusion: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.2,
https://arxiv.org/abs/1311.2901.
"""

import numpy as np

from keras_cxr.errors import UsageError
from keras_cxr.explain.copies import BATCH, alike, batches, check_fill, fill_level, score_of
from keras_cxr.explain.method import Method
from keras_cxr.explain.registry import register
from keras_cxr.explain.target import Target

# A coarse pass looks at every second place in each direction: its squares still overlap by half at the default stride.
_COARSE = 2


@register(
    "occlusion",
    "Occlusion",
    "how much the score falls when a square of the film is covered",
    "Zeiler and Fergus, ECCV 2014",
    "1 forward for each place of the square ((side - mask) / stride + 1)², and 1",
)
class Occlusion(Method):
    """At each pixel the mean fall of the score over all squares that cover it, rises dropped.

    The square moves by ``stride`` from the upper left corner; where the last step does not end at the film's border,
    one more place there is added. The map of the class's probability with the square at each place comes along, as
    the extra "probability" (n, rows, columns): the authors' own picture. Against another class, among the two.

    Args:
        model: See `Method`.
        mask_size: Side of the square, pixels of the network's input; None: a seventh of the shorter side.
        stride: Its step, pixels; None: a quarter of its side.
        fill: What covers: "mean", the film's mean gray level, or "black".
        coarse: Look at every second place in each direction, and at all places only where the score falls by at
            least half of the largest fall seen; between, interpolate.
        batch_size: Copies of a film a step.

    Raises:
        UsageError: A square that is not smaller than the film, or another fill.
    """

    films_at_once = 1

    def __init__(
        self,
        model,
        mask_size: int | None = None,
        stride: int | None = None,
        fill: str = "mean",
        coarse: bool = False,
        batch_size: int = BATCH,
    ):
        super().__init__(model)
        self._mask_size, self._stride, self._fill = mask_size, stride, check_fill(fill)
        self._coarse, self._batch_size = coarse, batch_size

    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """See `Method.compute`."""
        found = [self._film(image, target.film(index)) for index, image in enumerate(images)]
        maps, probabilities = (np.stack(one) for one in zip(*found, strict=True))
        return maps, {"probability": probabilities}

    def _film(self, image: np.ndarray, target: Target) -> tuple[np.ndarray, np.ndarray]:
        size = self._mask_size or max(1, min(image.shape[:2]) // 7)
        if size >= min(image.shape[:2]):
            raise UsageError(
                f"The mask size must be smaller than the network's input of {image.shape[0]} × {image.shape[1]} "
                f"pixels. Received: {size}."
            )
        stride = self._stride or max(1, size // 4)
        rows, columns = (_places(length, size, stride) for length in image.shape[:2])
        whole = score_of(self.network, image, target)
        logits = self._logits(image, rows, columns, size, whole, target)
        scores = target.scores(logits)
        probabilities = np.exp(target.log_probability(logits)).astype("float32")
        if alike(np.append(scores, whole)):
            return np.zeros(image.shape[:2]), probabilities
        return np.maximum(_mean_over_squares(whole - scores, rows, columns, size, image.shape), 0), probabilities

    def _logits(self, image, rows, columns, size, whole, target) -> np.ndarray:
        """Of the film with the square at each place: (rows, columns, outputs)."""
        if not self._coarse:
            chosen = np.ones((len(rows), len(columns)), bool)
            return self._covered(image, rows, columns, size, chosen)
        some_rows, some_columns = (
            np.union1d(np.arange(0, len(places), _COARSE), len(places) - 1) for places in (rows, columns)
        )
        chosen = np.zeros((len(rows), len(columns)), bool)
        chosen[np.ix_(some_rows, some_columns)] = True
        seen = self._covered(image, rows, columns, size, chosen)[np.ix_(some_rows, some_columns)]
        across = _between(some_rows, len(rows))
        along = _between(some_columns, len(columns))
        logits = np.einsum("ri,cj,ijo->rco", across, along, seen)
        fall = whole - target.scores(logits)
        wanted = (fall >= fall.max() / 2) & (fall.max() > 0) & ~chosen
        logits[wanted] = self._covered(image, rows, columns, size, wanted)[wanted]
        return logits

    def _covered(self, image, rows, columns, size, chosen) -> np.ndarray:
        """Logits (rows, columns, outputs) at the chosen places (rows, columns); zero elsewhere."""
        gray = fill_level(image, self._fill)
        logits = np.zeros((*chosen.shape, self.network.width), "float32")
        places = np.argwhere(chosen)
        for part in batches(len(places), self._batch_size):
            copies = np.repeat(image[np.newaxis], part.stop - part.start, axis=0)
            for copy, (row, column) in zip(copies, places[part], strict=True):
                copy[rows[row] : rows[row] + size, columns[column] : columns[column] + size] = gray
            logits[tuple(places[part].T)] = self.network.logits(copies)
        return logits


def _places(length: int, size: int, stride: int) -> np.ndarray:
    """Where squares begin along a side."""
    return np.union1d(np.arange(0, length - size + 1, stride), length - size)


def _between(known: np.ndarray, count: int) -> np.ndarray:
    """Row i holds the weights of the values at ``known`` places for place i of ``count``."""
    return np.stack([np.interp(np.arange(count), known, one) for one in np.eye(len(known))], axis=1)


def _mean_over_squares(values, rows, columns, size, shape) -> np.ndarray:
    """At each pixel the mean of ``values`` (rows, columns) over the squares that cover it; 0 where none does."""
    across, along = (
        (starts <= np.arange(length)[:, None]) & (np.arange(length)[:, None] < starts + size)
        for starts, length in ((rows, shape[0]), (columns, shape[1]))
    )
    count = np.outer(across.sum(axis=1), along.sum(axis=1))
    return across.astype("float64") @ values @ along.T / np.maximum(count, 1)

"""One film, or some, to lung masks with a trained lung model."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from keras_cxr.data.geometry import to_canvas
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError
from keras_cxr.lungs.card import open_lung_model
from keras_cxr.lungs.clean import lung_mask

BATCH = 16


class LungFinder:
    """Finds the lung fields of films; its methods may be called from several threads at once."""

    def __init__(self, folder: str | os.PathLike):
        """Load the lung model in ``folder``.

        Raises:
            CxrError: There is none, or it is damaged.
        """
        from keras_cxr.models.forward import forward

        model = open_lung_model(folder)
        self.card = model.card
        self.preprocessing = Preprocessing(**model.card.preprocessing)
        self._run = forward(model.network())

    def mask(self, gray: np.ndarray) -> tuple[np.ndarray, float]:
        """The lungs of one film.

        Args:
            gray: Gray levels uint8 (H, W) of any size.

        Returns:
            The mask, uint8 (H, W), 255 in the lungs and 0 elsewhere, all 0 where no lungs are found; and the confidence
            in [0, 1], see ``clean.lung_mask``.

        Raises:
            CxrError: Another form of array.
        """
        return self.masks([gray])[0]

    def masks(self, grays: Iterable[np.ndarray]) -> list[tuple[np.ndarray, float]]:
        """The lungs of some films, a batch at a time; arguments and results as of ``mask``."""
        return list(self.on_canvases((self._canvas(gray), gray.shape[1], gray.shape[0]) for gray in grays))

    def on_canvases(self, films: Iterable[tuple[np.ndarray, int, int]]) -> Iterator[tuple[np.ndarray, float]]:
        """Masks of films that are on the canvas already.

        Args:
            films: Canvas uint8 (size, size) by ``self.preprocessing``, and the film's own width and height.
        """
        return masks_on_films(self._run, films, self.preprocessing, self.card.threshold)

    def _canvas(self, gray: np.ndarray) -> np.ndarray:
        if getattr(gray, "ndim", 0) != 2 or gray.dtype != np.uint8:
            received = f"{gray.dtype} {gray.shape}" if isinstance(gray, np.ndarray) else type(gray).__name__
            raise CxrError(f"A film must be gray levels uint8 (height, width). Received: {received}.")
        return to_canvas(gray, self.preprocessing)


def masks_on_films(
    run: Callable[[np.ndarray], np.ndarray],
    films: Iterable[tuple[np.ndarray, int, int]],
    preprocessing: Preprocessing,
    threshold: float,
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield mask and confidence of each film in order, a batch at a time; ``run`` gives logits (models.forward)."""
    # A third of a second, which labelling without lungs should not wait for.
    from scipy.special import expit

    films = iter(films)
    while batch := list(itertools.islice(films, BATCH)):
        maps = expit(run(np.stack([canvas for canvas, _, _ in batch])[..., np.newaxis])[..., 0])
        for probability, (_, width, height) in zip(maps, batch, strict=True):
            yield lung_mask(probability, width, height, preprocessing, threshold)

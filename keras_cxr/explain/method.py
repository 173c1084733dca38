"""What all heatmap methods share: films and a class in, maps out. A method adds how it computes them."""

import abc
import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from keras_cxr.errors import UsageError
from keras_cxr.explain.explainable import Explainable
from keras_cxr.explain.ready import explainable
from keras_cxr.explain.target import Target, target

if TYPE_CHECKING:
    import keras


@dataclasses.dataclass(frozen=True)
class Found:
    """What a method found on some films.

    Attributes:
        maps: float32 (n, h, w), ≥ 0, finite, not normalised; at the method's own resolution.
        empty: bool (n,): the map is zero everywhere, no evidence for the class.
        extras: Further arrays (n, …) by name, where the method has any.
    """

    maps: np.ndarray
    empty: np.ndarray
    extras: dict[str, np.ndarray]


class Method(abc.ABC):
    """A heatmap method on one network, for any classes.

    Args:
        model: A built network from (batch, H, W, C) gray levels 0–255 to probabilities (batch, classes); one output
            means a sigmoid. It is not changed. Or one that is made ready already, for several methods.

    Attributes:
        layer: The name of the layer that is shown; None: the film's own pixels.

    Raises:
        UsageError: A network with several inputs or outputs.
        CxrError: A network whose last activation cannot be taken off.
    """

    films_at_once = 16
    """How many films to hand over in one call: 1 where each costs many passes."""

    layer: str | None = None

    def __init__(self, model: "keras.Model | Explainable"):
        self.network = explainable(model)

    @abc.abstractmethod
    def compute(self, images: np.ndarray, target: Target) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Make the maps.

        Args:
            images: float32 (n, H, W, C), gray levels, n ≥ 1, of the network's input size.
            target: What to explain of each.

        Returns:
            Maps (n, h, w), not negative, and `Found.extras`.
        """

    def explain(
        self, images: np.ndarray, class_index: np.ndarray | int, against: np.ndarray | int | None = None
    ) -> Found:
        """Explain the score of a class, before the last activation, for each film.

        Args:
            images: (n, H, W, C), n ≥ 1, gray levels 0–255 at the network's input size.
            class_index: Index of the class to explain, one for all films or (n,) integers. A network with one
                sigmoid has the classes 0 (negative: minus the logit) and 1 (positive: the logit).
            against: Explain the class's logit less that of this one.

        Raises:
            UsageError: Images or class indices that do not fit the network.
            CxrError: The network gives numbers that are not finite.
        """
        images = np.asarray(images, "float32")
        wanted = (None, *self.network.input_shape)
        if (
            images.ndim != 4
            or not len(images)
            or any(want not in (None, have) for want, have in zip(wanted, images.shape, strict=True))
        ):
            raise UsageError(
                f"The images must have the shape (n, height, width, channels) = {wanted}. Received: {images.shape}."
            )
        network = self.network
        wanted = target(class_index, len(images), network.width, against, softmax=not network.sigmoid)
        maps, extras = self.compute(images, wanted)
        maps = maps.astype("float32")
        return Found(maps, ~maps.any(axis=(1, 2)), extras)

    def maps(
        self, images: np.ndarray, class_index: np.ndarray | int, against: np.ndarray | int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The maps and the flags of `explain`."""
        found = self.explain(images, class_index, against)
        return found.maps, found.empty

    def upsample(self, maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Bring maps of `maps`, (…, h, w), to the images' ``size`` (height, width) in pixels."""
        return maps

"""What the methods ask of a network, whoever computes it. One of these serves any number of methods and classes."""

import abc
from collections.abc import Callable

import numpy as np

from keras_cxr.explain.grid import Grid


class Explainable(abc.ABC):
    """A network made ready to be explained. What is asked for twice is compiled once.

    Attributes:
        input_shape: Of one film, (height, width, channels); None where it may be any.
        width: Number of outputs.
        sigmoid: Whether each output is a probability of its own.
        low_precision: Whether a layer computes in 16 bits.
    """

    input_shape: tuple
    width: int
    sigmoid: bool
    low_precision: bool

    @abc.abstractmethod
    def shown_layer(self, name: str | None) -> str:
        """The name of the layer to show: ``name``, where it gives a map, by default the last that does.

        Raises:
            UsageError, CxrError: See `layers`.
        """

    @abc.abstractmethod
    def grid(self, layer: str, size: tuple[int, int]) -> Grid:
        """Where the cells of the layer's map lie on films of the ``size`` (height, width) in pixels."""

    @abc.abstractmethod
    def logits(self, images: np.ndarray) -> np.ndarray:
        """Scores before the last activation, float32 (n, outputs), of gray levels (n, H, W, C).

        Raises:
            CxrError: They are not finite.
        """

    @abc.abstractmethod
    def features(self, layer: str) -> Callable[[np.ndarray], np.ndarray]:
        """A function from films (n, H, W, C) to the output of ``layer``, float32 (n, h, w, channels).

        It raises a CxrError where that is not finite.
        """

    @abc.abstractmethod
    def gradients(
        self, combine: Callable, layer: str | None = None, channel_weights: Callable | None = None
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """A function from films (n, H, W, C) and weights (n, outputs) of their logits to what is made of gradients.

        It raises a CxrError where the network's numbers are not finite.

        Args:
            combine: See `gradient_method.GradientMethod.combine`.
            layer: The layer whose output the score is derived by; None: the films themselves.
            channel_weights: See `gradient_method.GradientMethod.channel_weights`.
        """

    @abc.abstractmethod
    def only_kernel(self, layer: str) -> np.ndarray:
        """The kernel (channels, outputs) of the dense layer behind ``layer`` and global average pooling.

        Raises:
            UsageError: Anything else lies between the layer and the logits.
        """

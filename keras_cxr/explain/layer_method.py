"""What the methods that show a layer's feature maps share: which layer, and where its cells lie on the film."""

from typing import TYPE_CHECKING

import numpy as np

from keras_cxr.errors import UsageError
from keras_cxr.explain.method import Method
from keras_cxr.explain.upsample import upsample

if TYPE_CHECKING:
    import keras

    from keras_cxr.explain.explainable import Explainable
    from keras_cxr.explain.grid import Grid


class LayerMethod(Method):
    """A method on one layer.

    Args:
        model: See `Method`.
        layer: Name of the layer whose feature maps are shown, at any depth; default `layers.default_layer`.
        corners: Put the maps' corners on the film's corners, as tf-keras-vis does, instead of each cell on the place
            that it looks at.

    Raises:
        UsageError: An unknown layer, or one without a spatial map.
        CxrError: A network without spatial maps, or whose last activation cannot be taken off.
    """

    def __init__(self, model: "keras.Model | Explainable", layer: str | None = None, corners: bool = False):
        super().__init__(model)
        self.layer = self.network.shown_layer(layer)
        self._corners = corners

    def grid(self, size: tuple[int, int]) -> "Grid":
        """Where on images of the ``size`` (height, width) in pixels the cells of the maps lie.

        Raises:
            UsageError: A size that the network does not take.
        """
        wanted = self.network.input_shape[:2]
        if any(want not in (None, have) for want, have in zip(wanted, size, strict=True)):
            raise UsageError(f"The size must be the network's input size {wanted}. Received: {tuple(size)}.")
        return self.network.grid(self.layer, size)

    def upsample(self, maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Bring maps of `maps`, (…, h, w), to the images' ``size``: each cell to the place that it looks at."""
        return upsample(maps, size, None if self._corners else self.grid(size))

"""The layer that heatmaps show by default and the head behind it, kept beside a model's runtime files.

Behind the last map most networks only pool and have a few dense layers: the gradient of a score by the map is then a
product of small matrices, the same at every place of a channel, and needs neither TensorFlow nor a backward pass.
"""

import dataclasses
import pathlib
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from keras_cxr.errors import CxrError
from keras_cxr.explain.grid import Axis, Grid
from keras_cxr.files import whole_file

if TYPE_CHECKING:
    import keras

FILE = "shown_layer.npz"


@dataclasses.dataclass(frozen=True)
class Activation:
    """An activation and its derivative, both of what goes into it."""

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]


ACTIVATIONS = {
    "linear": Activation(lambda x: x, np.ones_like),
    "relu": Activation(lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(x.dtype)),
    "sigmoid": Activation(expit, lambda x: expit(x) * expit(-x)),
    "tanh": Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2),
}


@dataclasses.dataclass(frozen=True)
class DenseLayer:
    """A dense layer: kernel (inputs, outputs) and bias (outputs,), float32, and the name of its activation."""

    kernel: np.ndarray
    bias: np.ndarray
    activation: str


@dataclasses.dataclass(frozen=True)
class ShownLayer:
    """A layer with global average pooling and ``head`` behind it, and nothing else before the logits.

    Attributes:
        layer: Its name.
        grid: Where the cells of its map lie on a film of the network's size.
        head: The dense layers, the last of which gives the logits.
    """

    layer: str
    grid: Grid
    head: tuple[DenseLayer, ...]

    def logits(self, pooled: np.ndarray) -> np.ndarray:
        """Logits (n, outputs) of the channels' means (n, channels)."""
        for dense in self.head:
            pooled = ACTIVATIONS[dense.activation].value(pooled @ dense.kernel + dense.bias)
        return pooled

    def gradients(self, pooled: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The gradients (n, channels) of ``sum(weights * logits)`` by the channels' means (n, channels).

        Args:
            pooled: The means.
            weights: (n, outputs).
        """
        slopes = []
        for dense in self.head:
            sums = pooled @ dense.kernel + dense.bias
            slopes.append(ACTIVATIONS[dense.activation].slope(sums))
            pooled = ACTIVATIONS[dense.activation].value(sums)
        for dense, slope in zip(reversed(self.head), reversed(slopes), strict=True):
            weights = (weights * slope) @ dense.kernel.T
        return weights


def shown_layer(network: "keras.Model") -> ShownLayer | None:
    """The default layer of a network of fixed input size; None where something else lies behind it."""
    from keras_cxr.explain.network import Network

    try:
        ready = Network(network)
        name = ready.shown_layer(None)
    except CxrError:
        return None
    last = max(place for place, step in enumerate(ready.steps) if step.layer.name == name)
    head = _head([step.layer for step in ready.steps[last + 1 :] if step.new])
    return ShownLayer(name, ready.grid(name, ready.input_shape[:2]), head) if head else None


def _head(behind: list) -> tuple[DenseLayer, ...] | None:
    """The dense layers behind a map, the last without its activation; None where there is anything else."""
    from keras import layers

    behind = [layer for layer in behind if not isinstance(layer, layers.Dropout | layers.Identity)]
    if len(behind) < 2 or not isinstance(behind[0], layers.GlobalAveragePooling2D):
        return None
    if behind[0].data_format != "channels_last" or behind[0].keepdims:
        return None
    head = []
    for layer in behind[1:]:
        if isinstance(layer, layers.Dense):
            kernel = layer.kernel.numpy().astype("float32")
            bias = layer.bias.numpy().astype("float32") if layer.use_bias else np.zeros(kernel.shape[1], "float32")
            head.append(DenseLayer(kernel, bias, _name(layer)))
        elif head and _name(layer) and head[-1].activation == "linear":
            head[-1] = dataclasses.replace(head[-1], activation=_name(layer))
        else:
            return None
    # The last one turns logits into probabilities.
    head[-1:] = [dataclasses.replace(dense, activation="linear") for dense in head[-1:]]
    return tuple(head) if head and all(dense.activation in ACTIVATIONS for dense in head) else None


def _name(layer: object) -> str:
    """The name of a layer's activation, '' where it has none."""
    kind = type(layer).__name__
    if kind == "ReLU":
        return "relu" if (layer.max_value, layer.negative_slope, layer.threshold) == (None, 0, 0) else ""
    if kind in ("Softmax", "Sigmoid"):
        return kind.lower()
    return getattr(getattr(layer, "activation", None), "__name__", "")


def write_shown_layer(folder: pathlib.Path, shown: ShownLayer) -> None:
    """Write ``shown_layer.npz``, whole or not at all."""
    arrays = {f"kernel_{place}": dense.kernel for place, dense in enumerate(shown.head)}
    arrays |= {f"bias_{place}": dense.bias for place, dense in enumerate(shown.head)}
    axes = {name: dataclasses.astuple(axis) for name, axis in shown.grid._asdict().items()}
    with whole_file(folder / FILE) as temporary:
        np.savez(temporary, layer=shown.layer, activations=[dense.activation for dense in shown.head], **axes, **arrays)


def read_shown_layer(folder: pathlib.Path) -> ShownLayer | None:
    """What ``write_shown_layer`` wrote; None where there is none, or it is damaged."""
    try:
        with np.load(folder / FILE, allow_pickle=False) as file:
            grid = Grid(*(Axis(*map(float, file[name])) for name in Grid._fields))
            head = tuple(
                DenseLayer(file[f"kernel_{place}"], file[f"bias_{place}"], str(name))
                for place, name in enumerate(file["activations"])
            )
            return ShownLayer(str(file["layer"]), grid, head)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None

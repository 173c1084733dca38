"""The layers of a network whose output is a feature map that the whole film has passed through."""

import keras
from keras import layers

from keras_cxr.models.freeze import backbone

_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
_NORMALIZATIONS = (layers.BatchNormalization, layers.LayerNormalization)
_ACTIVATIONS = (layers.Activation, layers.ReLU)


def spatial_layers(network: keras.Model) -> list[str]:
    """The ``cut_layers`` of the network's backbone, or of the network itself where it has none."""
    return cut_layers(backbone(network) or network)


def cut_layers(model: keras.Model) -> list[str]:
    """Names of the layers, first to last, at which a model can be cut or looked into.

    A layer counts if its output is a feature map of more than one pixel, if no path goes around it (the end of a
    residual block, not its inside), and if it ends a step: not a padding, a normalization, a dropout, a convolution
    without its activation or a sum that is only normalized or activated next. The last layer of all always counts.
    """
    chain = model.operations
    place = {id(one.output): index for index, one in enumerate(chain)}
    users: list[list[int]] = [[] for _ in chain]
    for index, one in enumerate(chain):
        for tensor in keras.tree.flatten(one.input):
            if id(tensor) in place:
                users[place[id(tensor)]].append(index)
    found, begun, reached = [], False, 0
    for index, one in enumerate(chain):
        begun = begun or _holds_a_convolution(one)
        alone = begun and reached <= index and isinstance(one, layers.Layer) and _is_map(one)
        if alone and _ends_a_step(one, [chain[user] for user in users[index]]):
            found.append(one.name)
        reached = max(reached, *users[index], index)
    return found


def _ends_a_step(layer: layers.Layer, users: list[keras.Operation]) -> bool:
    if not users:
        return True
    if isinstance(layer, keras.Sequential):
        layer = layer.layers[-1]
    if isinstance(layer, (layers.ZeroPadding2D, layers.Dropout, *_NORMALIZATIONS)):
        return False
    if isinstance(layer, _CONVOLUTIONS):
        return layer.activation is not keras.activations.linear
    merges = isinstance(layer, layers.Add | layers.Concatenate)
    return not (merges and all(isinstance(user, (*_ACTIVATIONS, *_NORMALIZATIONS)) for user in users))


def _holds_a_convolution(one: keras.Operation) -> bool:
    return any(isinstance(part, layers.Conv2D) for part in getattr(one, "layers", [one]))


def _is_map(layer: layers.Layer) -> bool:
    return len(layer.output.shape) == 4 and tuple(layer.output.shape[1:3]) != (1, 1)

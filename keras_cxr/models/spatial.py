"""The layers of a network whose output is a feature map that the whole film has passed through."""

import keras

from keras_cxr.models.freeze import backbone


def spatial_layers(network: keras.Model) -> list[str]:
    """Names of the layers, first to last, at which a network can be cut or looked into.

    Of the backbone where the network has one. A layer counts if its output is a feature map of more than one pixel,
    if no path goes around it (the end of a residual block, not its inside), and if it ends a step: not a padding, a
    normalization, a dropout or a convolution without its activation.
    """
    chain = (backbone(network) or network).layers
    place = {id(layer.output): index for index, layer in enumerate(chain)}
    last_use = list(range(len(chain)))
    for index, layer in enumerate(chain):
        for tensor in keras.tree.flatten(layer.input):
            last_use[place.get(id(tensor), index)] = index
    first = next((index for index, layer in enumerate(chain) if isinstance(layer, keras.layers.Conv2D)), len(chain))
    return [
        layer.name
        for index, layer in enumerate(chain)
        if index >= first and max(last_use[:index], default=0) <= index and _ends_a_step(layer) and _is_map(layer)
    ]


def _ends_a_step(layer: keras.Layer) -> bool:
    inside = (keras.layers.ZeroPadding2D, keras.layers.BatchNormalization, keras.layers.Add, keras.layers.Dropout)
    linear = isinstance(layer, keras.layers.Conv2D) and layer.activation is keras.activations.linear
    return not linear and not isinstance(layer, inside)


def _is_map(layer: keras.Layer) -> bool:
    return len(layer.output.shape) == 4 and tuple(layer.output.shape[1:3]) != (1, 1)

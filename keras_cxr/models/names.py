"""The names of layers that Keras numbers: the same however many networks a process has built."""

import collections
import re

import keras


def settle_names(model: keras.Model) -> None:
    """Rename the layers that Keras named after their kind as if ``model`` were the first of its process, in place.

    The second Inception V3 of a process begins with "conv2d_94"; to be cut, and to be found again in another file, it
    has to begin with "conv2d".
    """
    numbered = collections.defaultdict(list)
    for layer in model.operations:
        kind, number = re.fullmatch(r"(.*?)(?:_(\d+))?", layer.name).groups()
        if kind.replace("_", "") == type(layer).__name__.lower() and not isinstance(layer, keras.layers.InputLayer):
            numbered[kind].append((int(number or 0), layer))
    for kind, found in numbered.items():
        first = min(number for number, _ in found)
        for number, layer in found:
            layer.name = f"{kind}_{number - first}" if number > first else kind

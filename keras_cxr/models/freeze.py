"""Which layers of a network on a pretrained backbone are trained."""

import keras

from keras_cxr.errors import UsageError, unknown_name


def backbone(network: keras.Model) -> keras.Model | None:
    """The model nested in ``network``, or None if there is none."""
    return next((layer for layer in network.layers if isinstance(layer, keras.Model)), None)


def is_frozen(network: keras.Model) -> bool:
    """Whether the network has a backbone of which nothing is trained."""
    inner = backbone(network)
    return inner is not None and not inner.trainable_weights


def layers_from(network: keras.Model, layer_name: str) -> list[keras.layers.Layer]:
    """The backbone's layers with weights from the named one on, without its BatchNorm layers.

    Raises:
        UsageError: If there is no backbone or no such layer, or if no layer from there on has weights to train.
    """
    inner = backbone(network)
    if inner is None:
        raise UsageError(f"Unfreezing needs a backbone, and {network.name} has none: all of it is trained already.")
    names = [layer.name for layer in inner.layers]
    if layer_name not in names:
        raise unknown_name(f"layer of {inner.name}", layer_name, names, f"The last is {names[-1]}.")
    found = [
        layer
        for layer in inner.layers[names.index(layer_name) :]
        if layer.weights and not isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not found:
        raise UsageError(f"Unfreezing must begin at or before a layer with weights. Received: {layer_name}.")
    return found


def unfreeze_from(network: keras.Model, layer_name: str) -> int:
    """Train the backbone from the named layer on; the layers before it and every BatchNorm layer stay frozen.

    Compile the network afterwards: Keras fixes what is trained when it compiles.

    Returns:
        The number of layers with weights that are trained now.

    Raises:
        UsageError: As ``layers_from``.
    """
    unfrozen = layers_from(network, layer_name)
    inner = backbone(network)
    inner.trainable = True
    for layer in inner.layers:
        layer.trainable = any(layer is other for other in unfrozen)
    return len(unfrozen)

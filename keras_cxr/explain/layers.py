"""Which layer's maps to show: by default the last that still knows where things are."""

import keras

from keras_cxr.errors import CxrError, UsageError, unknown_name
from keras_cxr.explain.execution import Step, execution

# Layers that only move, thin out or rescale what another layer found.
_CARRIERS = ("Pooling", "Dropout", "Padding", "Cropping", "Reshape", "Flatten", "Permute", "Resizing", "Rescaling")


def spatial_layers(model: keras.Model, steps: list[Step] | None = None) -> list[str]:
    """Names of the layers whose output is a map (batch, height, width, channels) larger than 1×1, as they run.

    Layers of inner models appear under their plain names. Pooling, dropout, padding and reshaping layers are left
    out, and inner models themselves, whose output is their last layer's.

    Args:
        model: A built network.
        steps: ``execution(model)`` where it is already known; it costs one trace.
    """
    steps = execution(model) if steps is None else steps
    names = (step.layer.name for step in steps if step.new and _is_spatial(step) and not _is_carrier(step.layer))
    return list(dict.fromkeys(names))


def default_layer(model: keras.Model, steps: list[Step] | None = None) -> str:
    """Name of the last layer in order of execution that gives a spatial map, after its activation.

    ResNet50: conv5_block3_out, after the residual sum; VGG: the last convolution with its activation; convolution,
    batch normalisation and ReLU in a row: the ReLU.

    Args:
        model: A built network.
        steps: ``execution(model)`` where it is already known; it costs one trace.

    Raises:
        CxrError: No layer gives a spatial map.
    """
    names = spatial_layers(model, steps)
    if not names:
        raise CxrError(
            f"A heatmap needs a layer with a spatial map (batch, height, width, channels). Received: '{model.name}', "
            "which has none. Try a convolutional network."
        )
    return names[-1]


def check_layer(model: keras.Model, name: str, steps: list[Step] | None = None) -> None:
    """Make sure that the layer called ``name`` exists and gives a spatial map.

    Args:
        model: A built network.
        name: A layer's plain name, at any depth.
        steps: ``execution(model)`` where it is already known; it costs one trace.

    Raises:
        UsageError: No layer has the name (the nearest name is proposed), or its output is no spatial map (the
            nearest layer that gives one is proposed).
    """
    steps = execution(model) if steps is None else steps
    places = [place for place, step in enumerate(steps) if step.layer.name == name]
    if not places:
        names = dict.fromkeys(step.layer.name for step in steps)
        raise unknown_name("layer", name, names, f"The default is '{default_layer(model, steps)}'.")
    last = places[-1]
    if _is_spatial(steps[last]):
        return
    spatial = set(spatial_layers(model, steps))
    near = [place for place, step in enumerate(steps) if step.layer.name in spatial]
    hint = ""
    if near:
        # What runs before is what the layer was computed from: of two at the same distance, the earlier.
        nearest = min(near, key=lambda place: (abs(place - last), place))
        hint = f" The nearest that has is '{steps[nearest].layer.name}'."
    raise UsageError(
        "The layer must give a spatial map (batch, height, width, channels) larger than 1×1. "
        f"Received: '{name}' with shape {steps[last].shape}.{hint}"
    )


def _is_spatial(step: Step) -> bool:
    return len(step.shape) == 4 and step.shape[1:3] != (1, 1)


def _is_carrier(layer: object) -> bool:
    kind = type(layer).__name__
    return any(part in kind for part in _CARRIERS) or isinstance(layer, keras.layers.Normalization)

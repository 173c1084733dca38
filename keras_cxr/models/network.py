"""From a name and a few options to an uncompiled network."""

import os
import pathlib
from typing import TYPE_CHECKING

from keras_cxr.errors import UsageError
from keras_cxr.models.architecture import Architecture, Plan
from keras_cxr.models.imagenet import imagenet_file
from keras_cxr.models.registry import find

if TYPE_CHECKING:
    import keras


def build(
    name: str,
    classes: int,
    size: int | None = None,
    weights: str | os.PathLike = "default",
    features_from: str | None = None,
    channels: int | None = None,
    dropout: float | None = None,
    multi_label: bool = False,
) -> "keras.Model":
    """An uncompiled network, named after its architecture.

    Input: (batch, size, size, 1) float32 gray levels 0–255; all preprocessing is inside. Output: two classes give
    one sigmoid (batch, 1), the probability of the second class; more give a softmax (batch, classes); multi-label, a
    sigmoid each (batch, classes). The last two layers are always ``logits`` and ``probability``.

    Args:
        name: One of ``architectures()``, or FILE:FUNCTION of a network of the user's own (see ``own``).
        classes: Number of classes, 2 or more.
        size: Height and width of the input in pixels; None: the architecture's own.
        weights: Of the backbone: "imagenet" (downloaded and cached by Keras), "none" (random initialisation; nothing
            is frozen), a file that Keras wrote (.weights.h5, .h5, .keras), or "default", the architecture's own.
            A backbone with weights is frozen.
        features_from: The backbone's layer whose output is pooled, such as "conv4_block6_out"; None: its last.
        channels: What the network's body sees, 1 or 3 (the gray levels repeated); None: the architecture's own.
        dropout: Rate of the head's dropout, in [0, 1); None: the architecture's own.
        multi_label: Whether a film may have any number of the classes.

    Raises:
        UsageError: For a value that cannot be meant, with what to try.
        CxrError: If the weights cannot be had or do not fit.
    """
    architecture = find(name)
    size = architecture.input_size if size is None else size
    dropout = architecture.dropout if dropout is None else dropout
    if classes < 2:
        raise UsageError(f"The number of classes must be 2 or more. Received: {classes}.")
    if size < architecture.smallest:
        raise UsageError(
            f"The size for {name} must be {architecture.smallest} pixels or more, or its pooling layers leave nothing. "
            f"Received: {size}."
        )
    if channels not in (None, 1, 3):
        raise UsageError(f"The number of channels must be 1 or 3. Received: {channels}.")
    if not 0 <= dropout < 1:
        raise UsageError(f"The dropout rate must lie in [0, 1). Received: {dropout}.")
    if features_from and not architecture.backbone:
        raise UsageError(
            f"--features-from cuts a backbone and {name} has none. Received: {features_from}. Try -a resnet50."
        )
    file = _weights_file(architecture, weights)
    if channels is None:
        channels = (file and architecture.weights_channels) or architecture.channels
    plan = Plan(architecture.name, classes, size, channels, file, features_from, dropout, multi_label)
    from keras_cxr.models.depthwise import quicken

    return quicken(architecture.build(plan))


def _weights_file(architecture: Architecture, weights: str | os.PathLike) -> pathlib.Path | None:
    """The file that "default", "imagenet", "none" or a path stands for; None for "none"."""
    if weights == "default":
        weights = architecture.weights
    if weights == "none":
        return None
    if not architecture.backbone:
        raise UsageError(
            f"{architecture.name} is trained from scratch: its weights must be 'none'. Received: {weights}. "
            "Try --weights none, or -a resnet50."
        )
    if weights == "imagenet":
        if architecture.pretrained is None:
            raise UsageError(
                f"keras.applications publishes no ImageNet weights for {architecture.name}. Received: {weights}. "
                "Try --weights FILE, --weights none, or -a resnet50."
            )
        return imagenet_file(architecture.pretrained)
    file = pathlib.Path(weights).expanduser()
    if not file.is_file():
        known = "'imagenet', 'none' or a file" if architecture.pretrained else "'none' or a file"
        raise UsageError(f"The weights must be {known}. Received: {weights}, which is no file.")
    return file

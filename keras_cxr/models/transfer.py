"""Networks on a backbone of keras.applications: preprocessing, the backbone, pooling, a small head.

A further family is one file in ``architectures/``: its applications, its preprocessing, its published weights.
"""

from collections.abc import Callable

import keras
from keras import layers

from keras_cxr.errors import UsageError, unknown_name
from keras_cxr.models.architecture import Plan
from keras_cxr.models.layers import classify, gray_input
from keras_cxr.models.names import settle_names
from keras_cxr.models.spatial import cut_layers
from keras_cxr.models.weights import load_backbone


def application(name: str) -> Callable[..., keras.Model]:
    """The function of keras.applications whose name, in lower case, is ``name``: "densenet121" is DenseNet121."""
    return next(value for key, value in vars(keras.applications).items() if key.lower() == name and callable(value))


def backbone_of(plan: Plan, application: Callable[..., keras.Model]) -> keras.Model:
    """The application without top, cut at ``plan.features_from``; loaded and frozen if the plan has weights.

    Raises:
        UsageError: If no layer with a spatial output has that name.
        CxrError: If the weights do not fit.
    """
    whole = application(include_top=False, weights=None, input_shape=(plan.size, plan.size, plan.channels))
    settle_names(whole)
    output = whole.output
    if plan.features_from:
        cuts = {layer.name: layer.output for layer in whole.layers[1:] if len(layer.output.shape) == 4}
        if plan.features_from not in cuts:
            known = cut_layers(whole)
            last = {cuts[name].shape[1:3]: name for name in known}
            hint = f"The last of each size: {', '.join(last.values())}."
            raise unknown_name(f"layer of {plan.name}", plan.features_from, known, hint)
        output = cuts[plan.features_from]
    backbone = keras.Model(whole.input, output, name=plan.name)
    if plan.weights:
        load_backbone(plan.weights, backbone, whole)
        backbone.trainable = False
    return backbone


def transfer_network(
    plan: Plan, application: Callable[..., keras.Model], preprocess: Callable[[keras.KerasTensor], keras.KerasTensor]
) -> keras.Model:
    """The network of ``plan``: ``preprocess``, backbone, global average pooling, 512 ReLU, dropout, classifier.

    Args:
        plan: What to build.
        application: Such as ``keras.applications.ResNet50``.
        preprocess: (batch, size, size, 1) gray levels 0–255 to what the application expects, in standard layers.

    Raises:
        UsageError: If the plan has another number of channels than ``preprocess`` gives.
    """
    gray = gray_input(plan.size)
    seen = preprocess(gray)
    if plan.channels != seen.shape[-1]:
        raise UsageError(
            f"The backbone of {plan.name} sees {_channels(seen.shape[-1])}, all gray. "
            f"Received: {_channels(plan.channels)}. "
            "Leave the channels out, or try an architecture trained from scratch, such as -a lmap3."
        )
    backbone = backbone_of(plan, application)
    # Pretrained: BatchNorm keeps to ImageNet's statistics, also after unfreezing. Random: it has to learn them.
    maps = backbone(seen, **({"training": False} if plan.weights else {}))
    x = layers.GlobalAveragePooling2D(name="pool")(maps)
    x = layers.Dense(512, activation="relu", name="features")(x)
    x = layers.Dropout(plan.dropout, name="dropout")(x)
    return keras.Model(gray, classify(x, plan.classes, plan.multi_label), name=plan.name)


def _channels(number: int) -> str:
    return f"{number} channel{'s' if number > 1 else ''}"

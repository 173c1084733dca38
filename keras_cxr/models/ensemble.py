"""Several networks as one: the mean of their calibrated probabilities (Lakshminarayanan et al., NeurIPS 2017)."""

import math

import keras
import numpy as np
from keras import layers, ops

from keras_cxr.models.forward import logits_model

# Where a network on a pretrained backbone is cut: what comes before it is the same in all if the backbone was frozen.
CUT = "pool"


def ensemble(networks: dict[str, keras.Model], temperatures: list[float]) -> keras.Model:
    """One network of several, in standard layers and operations, so that plain Keras loads it.

    Its probability of a class is the mean of what the networks say at their temperatures; ``logits`` are its logit
    (two classes, or multi-label) or its logarithm (more), so that the temperature of the whole is 1. Where the
    networks share a frozen backbone to the last bit, it is in the ensemble once, and an ensemble costs hardly more
    than one of its networks.

    Args:
        networks: By name; of one architecture, with the same classes and input.
        temperatures: Of each.

    Returns:
        (batch, size, size, 1) float32 gray levels 0–255 → (batch, 1), the probability of the second of two classes,
        or (batch, classes). Its last two layers are ``logits`` and ``probability``, as of every network.
    """
    members = list(networks.values())
    films = keras.Input(members[0].input_shape[1:], dtype="float32", name="gray")
    trunk = _shared_trunk(members)
    if trunk is None:
        seen, parts = films, [logits_model(member) for member in members]
    else:
        seen = trunk(films)
        parts = [keras.Model(member.get_layer(CUT).output, member.get_layer("logits").output) for member in members]
    scores = []
    for name, part, temperature in zip(networks, parts, temperatures, strict=True):
        part.name = name
        scores.append(layers.Rescaling(1 / temperature, dtype="float32", name=f"{name}_temperature")(part(seen)))
    sigmoid = members[0].get_layer("probability").activation is keras.activations.sigmoid
    # In logarithms throughout: the logit of a float32 probability near 1 would have lost most of its digits.
    if sigmoid:
        pooled = _log_of_mean([ops.log_sigmoid(score) for score in scores]) - _log_of_mean(
            [ops.log_sigmoid(-score) for score in scores]
        )
    else:
        pooled = _log_of_mean([ops.log_softmax(score, axis=-1) for score in scores])
    logits = layers.Identity(dtype="float32", name="logits")(pooled)
    probability = layers.Activation("sigmoid" if sigmoid else "softmax", dtype="float32", name="probability")(logits)
    return keras.Model(films, probability, name="ensemble")


def _log_of_mean(logarithms: list[keras.KerasTensor]) -> keras.KerasTensor:
    return ops.logsumexp(ops.stack(logarithms), axis=0) - math.log(len(logarithms))


def _shared_trunk(members: list[keras.Model]) -> keras.Model | None:
    """The networks up to ``CUT``, if they are all the same there."""
    if CUT not in [layer.name for layer in members[0].layers]:
        return None
    trunks = [keras.Model(member.input, member.get_layer(CUT).output, name="trunk") for member in members]
    first = trunks[0].get_weights()
    same = all(
        all(np.array_equal(*pair) for pair in zip(first, other.get_weights(), strict=True)) for other in trunks[1:]
    )
    return trunks[0] if same else None

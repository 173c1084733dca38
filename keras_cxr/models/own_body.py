"""What a function of the user's own returned, held against what a body must be."""

import keras

from keras_cxr.errors import UsageError, one_line
from keras_cxr.models.architecture import Plan


def check_body(body: object, plan: Plan, source: str) -> keras.Model:
    """``body`` as a functional model.

    Args:
        body: What the function returned.
        plan: What it was asked for.
        source: The function and its file, for messages.

    Raises:
        UsageError: No functional or Sequential model, the wrong input or output, or parts that are not Keras's own.
    """
    if not isinstance(body, keras.Model):
        raise UsageError(f"{source} must return a keras.Model. Received: {type(body).__name__}.")
    if isinstance(body, keras.Sequential) and not body.built:
        raise UsageError(f"{source} returned a Sequential without input. Begin it with {_asked_for(plan)}.")
    if not type(body).__module__.startswith("keras."):
        raise UsageError(
            f"{source} must return a functional or Sequential model, or a saved model cannot be loaded without the "
            f"file. Received: a subclass, {type(body).__name__}. Try keras.Model(inputs, outputs)."
        )
    _check_shapes(body, plan, source)
    _check_parts(body, source)
    return keras.Model(body.inputs[0], body.outputs[0])


def _check_shapes(body: keras.Model, plan: Plan, source: str) -> None:
    shapes = [tuple(one.shape) for one in body.inputs]
    wanted = (None, plan.size, plan.size, plan.channels)
    fits = len(shapes) == 1 and len(shapes[0]) == 4
    if not fits or any(given not in (None, side) for given, side in zip(shapes[0], wanted, strict=True)):
        raise UsageError(
            f"The body of {source} must take one input (batch, {plan.size}, {plan.size}, {plan.channels}). "
            f"Received: {_told(shapes)}. Begin it with {_asked_for(plan)}."
        )
    shapes = [tuple(one.shape) for one in body.outputs]
    fits = len(shapes) == 1 and len(shapes[0]) in (2, 4)
    if not fits or shapes[0][0] is not None or shapes[0][-1] is None:
        raise UsageError(
            f"The body of {source} must give one output, features (batch, number) or maps (batch, height, width, "
            f"number); the classifier comes after it. Received: {_told(shapes)}."
        )


def _check_parts(body: keras.Model, source: str) -> None:
    """Refuse what a saved model could not be loaded with, in a process that knows nothing of the user's file."""
    try:
        config = keras.saving.serialize_keras_object(body)
        foreign = sorted(set(_foreign(config)))
        if not foreign:
            keras.saving.deserialize_keras_object(config)
    except Exception as fault:  # of any layer's own code
        raise UsageError(f"The body of {source} cannot be saved ({one_line(str(fault), 200)}).") from fault
    if foreign:
        raise UsageError(
            f"The body of {source} holds parts that are not Keras's own ({', '.join(foreign)}). A saved model is "
            "loaded without your file, where even @keras.saving.register_keras_serializable does not make them known. "
            "Try layers of keras.layers and functions of keras.ops."
        )


def _foreign(config: object):
    """Names of the classes and functions in a serialized model that plain Keras cannot load."""
    if isinstance(config, dict):
        name, module = config.get("class_name"), config.get("module")
        if name == "function":
            yield config["config"]
        elif name in ("Lambda", "__lambda__"):
            yield "Lambda"
        elif isinstance(name, str) and "module" in config and not f"{module}.".startswith("keras."):
            yield name
        yield from (found for part in config.values() for found in _foreign(part))
    elif isinstance(config, (list, tuple)):
        yield from (found for part in config for found in _foreign(part))


def _asked_for(plan: Plan) -> str:
    return "keras.Input((plan.size, plan.size, plan.channels))"


def _told(shapes: list[tuple]) -> str:
    return ", ".join(str(("batch", *shape[1:]) if shape and shape[0] is None else shape) for shape in shapes)

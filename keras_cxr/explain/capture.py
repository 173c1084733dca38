"""Look inside a network while it runs: the output of any layer, however deeply nested.

Keras 3 cannot connect a layer of an inner model to the outer model's input, so instead of building a second model
this module replaces the ``call`` of the very layer objects for the length of a forward pass. That works the same in
functional, nested, Sequential and subclassed networks, eagerly and while ``tf.function`` traces.
"""

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from keras_cxr.errors import UsageError, unknown_name


@contextlib.contextmanager
def replaced(owner: object, attribute: str, value: object) -> Iterator[None]:
    """Give ``owner`` an instance attribute for the length of the block, then restore what it had, also on error."""
    # vars(), not setattr(): Keras tracks what is set on a layer and would keep it.
    own = vars(owner)
    had, before = attribute in own, own.get(attribute)
    own[attribute] = value
    try:
        yield
    finally:
        if had:
            own[attribute] = before
        else:
            del own[attribute]


def inner_layers(model: keras.Model) -> list:
    """All layers and graph operations of ``model`` at any depth, inner models included, ``model`` itself not."""
    found = {}
    for layer in model._flatten_layers():
        # A functional model also holds operations that are no layers, such as keras.ops.relu.
        for one in [layer, *getattr(layer, "operations", ())]:
            found[id(one)] = one
    del found[id(model)]
    return list(found.values())


@contextlib.contextmanager
def observe(layers: list, see: Callable[[object, list, object], None]) -> Iterator[None]:
    """Call ``see(layer, inputs, output)`` after every call of each of ``layers`` inside the block.

    ``inputs`` are the tensors among the call's arguments, the very objects; ``output`` is what the call returned.
    """

    def observed(layer):
        call = layer.call

        @functools.wraps(call)
        def call_and_see(*args, **kwargs):
            output = call(*args, **kwargs)
            see(layer, [one for one in tf.nest.flatten((args, kwargs)) if tf.is_tensor(one)], output)
            return output

        return call_and_see

    with contextlib.ExitStack() as stack:
        for layer in layers:
            stack.enter_context(replaced(layer, "call", observed(layer)))
        yield


@dataclasses.dataclass
class Captured:
    """What `capture` saw: the output of the layer's last call, None before the first."""

    output: tf.Tensor | None = None


@contextlib.contextmanager
def capture(model: keras.Model, name: str, tape: tf.GradientTape | None = None) -> Iterator[Captured]:
    """Capture the output of the layer called ``name`` while ``model`` runs inside the block.

    Args:
        model: A built network of any kind.
        name: The layer's plain name; it may sit in an inner model. Where several layers bear the name, or the layer
            is called several times, the last call is kept.
        tape: A tape that shall watch the output. Watching the output instead of the variables gives gradients for
            frozen networks too, and no backward pass through the layers before it.

    Yields:
        A `Captured`, filled by the forward pass.

    Raises:
        UsageError: No layer has that name.
    """
    layers = inner_layers(model)
    named = [layer for layer in layers if layer.name == name]
    if not named:
        raise unknown_name("layer", name, dict.fromkeys(layer.name for layer in layers))
    captured = Captured()

    def keep(layer, inputs, output):
        if tape is not None:
            tape.watch(output)
        captured.output = output

    with observe(named, keep):
        yield captured


def input_shape(model: keras.Model) -> tuple:
    """The shape of one input image, (height, width, channels); height and width may be None.

    Raises:
        UsageError: The network has several inputs, or was never built.
    """
    if getattr(model, "inputs", None):
        shapes = [tuple(one.shape) for one in model.inputs]
    else:
        built_with = (model.get_build_config() or {}).get("input_shape")
        shapes = [tuple(built_with)] if built_with else []
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise UsageError(
            "The network must take one image input (batch, height, width, channels). "
            f"Received: '{model.name}' with input shapes {shapes}. A subclassed network must be called once first."
        )
    return shapes[0][1:]

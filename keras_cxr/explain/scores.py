"""The number that a heatmap explains: a class's score before the last activation.

The gradient of a saturated sigmoid is zero to the last digit, and with it every map; the logit's is not. It is also
what Grad-CAM is defined on (Selvaraju 2017, section 3: "the score for class c, before the softmax").
"""

import contextlib
from collections.abc import Iterator

import keras

from keras_cxr.errors import CxrError
from keras_cxr.explain.capture import replaced
from keras_cxr.explain.execution import Step, execution


@contextlib.contextmanager
def linear_output(model: keras.Model, steps: list[Step] | None = None) -> Iterator[None]:
    """Make the last activation of ``model`` linear for the length of the block: it gives logits.

    The activation may be an ``Activation`` or ``Softmax`` layer, fused in a ``Dense`` or convolution, a
    ``keras.ops`` operation, and may sit in an inner model.

    Args:
        model: A built network with one output.
        steps: ``execution(model)`` where it is already known; it costs one trace.

    Raises:
        CxrError: The network does not end in an activation that can be taken off.
    """
    last = _last_activation(model, execution(model) if steps is None else steps)
    if hasattr(last, "activation"):
        change = replaced(last, "activation", keras.activations.linear)
    else:
        change = replaced(last, "call", lambda inputs, *args, **kwargs: inputs)
    with change:
        yield


def ends_in_sigmoid(model: keras.Model, steps: list[Step]) -> bool:
    """Whether the outputs of ``model`` are sigmoids; raises as ``linear_output``."""
    last = _last_activation(model, steps)
    return getattr(last, "activation", None) is keras.activations.sigmoid or type(last).__name__ == "Sigmoid"


def _last_activation(model: keras.Model, steps: list[Step]) -> object:
    new = [step for step in steps if step.new]
    while new and not new[-1].final:
        new.pop()
    # A cast to float32 or a change of form may follow the activation.
    while new and _hands_on(new[-1].layer):
        new.pop()
    last = new[-1].layer if new else None
    if hasattr(last, "activation") or type(last).__name__ in {"Softmax", "Sigmoid"}:
        return last
    raise CxrError(
        "To be explained, a network must end in a Keras activation (Activation, Softmax, Dense with an activation). "
        f"Received: '{model.name}', which ends in {type(last).__name__ if new else 'a computation outside its layers'}."
    )


def _hands_on(layer: object) -> bool:
    if isinstance(layer, keras.layers.Activation):
        return layer.activation is keras.activations.linear
    return isinstance(layer, keras.layers.Reshape | keras.layers.Flatten | keras.layers.Identity)

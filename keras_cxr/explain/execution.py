"""The order in which a network's layers run, and the shape of what each gives."""

import dataclasses

import keras
import tensorflow as tf

from keras_cxr.errors import UsageError
from keras_cxr.explain.capture import inner_layers, input_shape, observe
from keras_cxr.explain.field import Grids


@dataclasses.dataclass(frozen=True)
class Step:
    """One call of one layer.

    Attributes:
        layer: The layer or operation.
        shape: Shape of its output, batch first, None where unknown.
        dtype: Its output's type, such as "float16".
        new: False where the output is the very tensor an earlier step gave: an inner model hands on the output of
            its last layer, dropout its input.
        final: True where the output is the network's output.
    """

    layer: object
    shape: tuple
    dtype: str
    new: bool
    final: bool


def execution(model: keras.Model, grids: Grids | None = None) -> list[Step]:
    """Trace ``model`` once in inference mode, without computing anything, and list the calls as they end.

    Layers that give several tensors are left out.

    Args:
        model: A built network.
        grids: Notes where the maps lie.

    Raises:
        UsageError: The network has several inputs or several outputs, or was never built.
    """
    seen, traced, grids = [], {}, grids or Grids()

    def see(layer, inputs, output):
        if tf.is_tensor(output):
            seen.append((layer, output))
        grids.see(layer, inputs, output)

    def run(images):
        grids.start(images)
        with observe(inner_layers(model), see):
            traced["output"] = model(images, training=False)
        return traced["output"]

    images = tf.TensorSpec((None, *input_shape(model)), tf.float32)
    tf.function(run, autograph=False).get_concrete_function(images)
    output = traced["output"]
    if not tf.is_tensor(output) or output.shape.rank != 2:
        raise UsageError(
            f"The network must give one output (batch, classes). Received: '{model.name}' with "
            f"{output.shape if tf.is_tensor(output) else f'{len(output)} outputs'}."
        )
    steps, known = [], set()
    for layer, tensor in seen:
        steps.append(Step(layer, _shape(tensor), tensor.dtype.name, id(tensor) not in known, tensor is output))
        known.add(id(tensor))
    return steps


def _shape(tensor: tf.Tensor) -> tuple:
    return () if tensor.shape.rank is None else tuple(tensor.shape)

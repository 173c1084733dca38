"""A Keras network made ready to be explained: its logits, feature maps and gradients, each compiled once."""

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from keras_cxr.errors import UsageError
from keras_cxr.explain.capture import capture, input_shape
from keras_cxr.explain.execution import execution
from keras_cxr.explain.explainable import Explainable
from keras_cxr.explain.field import Grids, layer_grid
from keras_cxr.explain.finite import finite
from keras_cxr.explain.gradients import Gradients
from keras_cxr.explain.grid import Grid
from keras_cxr.explain.layers import check_layer, default_layer
from keras_cxr.explain.scores import ends_in_sigmoid, linear_output

# Layers that a message names.
SHOWN = 4


class Network(Explainable):
    """See `Explainable`.

    Attributes:
        model: The Keras model, not changed.
        steps: ``execution(model)``.
        half: Whether a layer computes in float16.
    """

    def __init__(self, model: keras.Model):
        self.model = model
        self.input_shape = input_shape(model)
        grids = Grids()
        self.steps = execution(model, grids)
        self.width = next(step.shape[-1] for step in reversed(self.steps) if step.final)
        self.sigmoid = ends_in_sigmoid(model, self.steps)
        self.half = any(step.dtype == "float16" for step in self.steps)
        self.low_precision = self.half or any(step.dtype == "bfloat16" for step in self.steps)
        self._signature = [tf.TensorSpec((None, *self.input_shape), tf.float32)]
        self._made: dict[tuple, object] = {
            ("grid", layer, *self.input_shape[:2]): grid for layer, grid in grids.named.items()
        }

    def shown_layer(self, name: str | None) -> str:
        """See `Explainable.shown_layer`."""
        if name is not None:
            check_layer(self.model, name, self.steps)
        return name or default_layer(self.model, self.steps)

    def grid(self, layer: str, size: tuple[int, int]) -> Grid:
        """See `Explainable.grid`."""
        return self._once(("grid", layer, *size), lambda: layer_grid(self.model, layer, size))

    def gradients(
        self, combine: Callable, layer: str | None = None, channel_weights: Callable | None = None
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """See `Explainable.gradients`."""
        made = self._once(("gradients", layer), lambda: Gradients(self, layer))
        return functools.partial(made, combine)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """See `Explainable.logits`."""
        return finite(self._logits(tf.cast(images, tf.float32)).numpy(), "The network's logits")

    def features(self, layer: str) -> Callable[[np.ndarray], np.ndarray]:
        """See `Explainable.features`."""
        run = self._once(("features", layer), lambda: self._compiled_features(layer))
        return lambda images: finite(run(images).numpy(), f"The feature maps of layer '{layer}'")

    def only_kernel(self, layer: str) -> np.ndarray:
        """See `Explainable.only_kernel`."""
        return self._only_dense(layer).kernel.numpy().astype("float32")

    def _only_dense(self, layer: str) -> keras.layers.Dense:
        last = max(place for place, step in enumerate(self.steps) if step.layer.name == layer)
        behind = [step.layer for step in self.steps[last + 1 :] if step.new]
        behind = [one for one in behind if not isinstance(one, keras.layers.Dropout)]
        match [type(one).__name__ for one in behind]:
            case ["GlobalAveragePooling2D", "Dense"]:
                return behind[1]
            case ["GlobalAveragePooling2D", "Dense", "Activation" | "Softmax" | "Sigmoid"] if (
                behind[1].activation is keras.activations.linear
            ):
                return behind[1]
        found = ", ".join(f"{one.name} ({type(one).__name__})" for one in behind[:SHOWN]) or "nothing"
        if len(behind) > SHOWN:
            found += f" and {len(behind) - SHOWN} more"
        raise UsageError(
            f"CAM needs global average pooling, one dense layer and nothing else behind layer '{layer}'. "
            f"Received: {found}. Try --method hirescam, which equals CAM where CAM is possible."
        )

    @functools.cached_property
    def _logits(self) -> Callable:
        @tf.function(input_signature=self._signature, autograph=False)
        def run(images):
            with linear_output(self.model, self.steps):
                return tf.cast(self.model(images, training=False), tf.float32)

        return run

    def _compiled_features(self, layer: str) -> Callable:
        @tf.function(input_signature=self._signature, autograph=False)
        def run(images):
            with capture(self.model, layer) as captured:
                self.model(images, training=False)
            return tf.cast(captured.output, tf.float32)

        return run

    def _once(self, key: tuple, make: Callable[[], object]) -> object:
        """What ``make`` gives, made at the first call with this key."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

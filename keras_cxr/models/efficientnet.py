"""EfficientNet as its published weights expect it: Tan and Le, ICML 2019."""

from collections.abc import Callable

import keras
from keras import layers

DEVIATIONS = (0.229, 0.224, 0.225)


def with_published_scale(application: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    """The application as keras.applications builds it for ``weights="imagenet"`` and for no other.

    The published weights hold the channels' deviations where variances belong; another layer makes up for it,
    https://github.com/tensorflow/tensorflow/issues/49930.
    """

    def build(**options) -> keras.Model:
        return keras.models.clone_model(application(**options), call_function=_scaled)

    return build


def _scaled(layer: keras.Operation, *inputs, **options):
    x = layer(*inputs, **options)
    if isinstance(layer, layers.Normalization):
        x = layers.Rescaling([deviation**-0.5 for deviation in DEVIATIONS], name="published_scale")(x)
    return x

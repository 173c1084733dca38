"""ConvNeXt of keras.applications with layers where it has sums: Liu et al., A ConvNet for the 2020s, CVPR 2022."""

from collections.abc import Callable

import keras
from keras import layers


def with_named_sums(application: Callable[..., keras.Model]) -> Callable[..., keras.Model]:
    """The application with the sum at the end of each block as a layer, such as convnext_tiny_stage_0_block_0_add.

    keras.applications writes ``inputs + x``, which gives no layer to cut at or to look into.
    """

    def build(**options) -> keras.Model:
        whole = application(**options)
        sums = [one for one in whole.operations if not isinstance(one, layers.Layer)]
        last = [layer.name for layer in whole.layers if layer.name.endswith("_layer_scale")]
        names = {id(one): name.replace("_layer_scale", "_add") for one, name in zip(sums, last, strict=True)}

        def clone(one: keras.Operation) -> keras.Operation:
            return layers.Add(name=names[id(one)]) if id(one) in names else type(one).from_config(one.get_config())

        return keras.models.clone_model(whole, clone_function=clone, call_function=_call)

    return build


def _call(layer: keras.Operation, *inputs, **options):
    return layer(list(inputs)) if isinstance(layer, layers.Add) else layer(*inputs, **options)

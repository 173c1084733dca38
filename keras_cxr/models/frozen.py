"""A network to a graph whose weights are constants, float32 throughout: what every converter can read."""

import keras
import tensorflow as tf

from keras_cxr.models.forward import logits_model


def frozen_logits(network: keras.Model):
    """The network up to its logits as a concrete function: films (batch, size, size, 1) float32 → (batch, units).

    A network trained in mixed precision is computed in float32: its weights are float32 already, and a CPU gains
    nothing from half precision in every layer.
    """
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = logits_model(_in_float32(network))
    shape = (None, *network.input_shape[1:])
    run = tf.function(
        lambda films: model(films, training=False), input_signature=[tf.TensorSpec(shape, tf.float32, name="films")]
    )
    return convert_variables_to_constants_v2(run.get_concrete_function())


def _in_float32(network: keras.Model) -> keras.Model:
    config, changed = _float32_policies(network.get_config())
    if not changed:
        return network
    twin = type(network).from_config(config)
    twin.set_weights(network.get_weights())
    return twin


def _float32_policies(config):
    """A layer's configuration with every mixed dtype policy replaced, and whether there was one."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy" and config["config"]["name"].startswith("mixed"):
            return {**config, "config": {**config["config"], "name": "float32"}}, True
        parts = {key: _float32_policies(value) for key, value in config.items()}
        return {key: part for key, (part, _) in parts.items()}, any(changed for _, changed in parts.values())
    if isinstance(config, (list, tuple)):
        parts = [_float32_policies(value) for value in config]
        return type(config)(part for part, _ in parts), any(changed for _, changed in parts)
    return config, False

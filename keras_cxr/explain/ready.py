"""A network made ready to be explained; importing this module does not import TensorFlow."""

from typing import TYPE_CHECKING

from keras_cxr.explain.explainable import Explainable

if TYPE_CHECKING:
    import keras


def explainable(network: "keras.Model | Explainable") -> Explainable:
    """The network made ready, where it is not yet.

    Raises:
        UsageError: A network with several inputs or outputs.
        CxrError: A network whose last activation cannot be taken off.
    """
    if isinstance(network, Explainable):
        return network
    from keras_cxr.explain.network import Network

    return Network(network)

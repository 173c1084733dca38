"""LayerCAM: Jiang et al., "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", IEEE Transactions
on Image Processing 30, 2021, https://doi.org/10.1109/TIP.2021.3089943.
"""

import numpy as np

from keras_cxr.explain.gradient_method import GradientMethod
from keras_cxr.explain.registry import register


@register(
    "layercam",
    "LayerCAM",
    "the layer's maps, each place weighted by its own positive gradient: sharp also at early layers",
    "Jiang et al., IEEE TIP 2021",
    "1 forward, 1 backward",
)
class LayerCAM(GradientMethod):
    """Equations 6 and 7 of the paper: ``relu(sum_k relu(d score / d A_kij) * A_kij)``."""

    def combine(self, features, gradients):
        """See `GradientMethod.combine`."""
        import tensorflow as tf

        return tf.nn.relu(tf.reduce_sum(tf.nn.relu(gradients) * features, axis=-1))

    def channel_weights(self, gradients):
        """See `GradientMethod.channel_weights`."""
        return np.maximum(gradients, 0)

"""Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
ICCV 2017, https://arxiv.org/abs/1610.02391.
"""

import tensorflow as tf

from keras_cxr.explain.gradient_method import GradientMethod


class GradCAM(GradientMethod):
    """Feature maps weighted by the mean gradient of the class's score, summed, negative parts dropped.

    Equations 1 and 2 of the paper: ``relu(sum_k mean_ij(d score / d A_kij) * A_k)``.
    """

    def combine(self, features: tf.Tensor, gradients: tf.Tensor) -> tf.Tensor:
        """See `GradientMethod.combine`."""
        weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
        return tf.nn.relu(tf.reduce_sum(weights * features, axis=-1))

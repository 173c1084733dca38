"""Grad-CAM++: Chattopadhay et al., "Grad-CAM++: Generalized Gradient-based Visual Explanations for Deep Convolutional
Networks", WACV 2018, https://arxiv.org/abs/1710.11063.
"""

import numpy as np

from keras_cxr.explain.gradient_method import GradientMethod
from keras_cxr.explain.registry import register


@register(
    "gradcam++",
    "Grad-CAM++",
    "as Grad-CAM, each map weighted by its positive gradients: finds several places of one finding",
    "Chattopadhay et al., WACV 2018",
    "1 forward, 1 backward",
)
class GradCAMPlusPlus(GradientMethod):
    """Feature maps weighted by ``sum_ij alpha_kij relu(g_kij)``, summed, negative parts dropped.

    With the class's score S the paper explains exp(S): all its derivatives are powers of the gradient g of S times
    exp(S), which drops out of equation 19, ``alpha_kij = g² / (2 g² + g³ sum_ab A_kab)``, and is left out of the
    weights, for it scales a film's whole map and overflows. As in the authors' program, a channel's alphas are divided
    by their sum.
    """

    def combine(self, features, gradients):
        """See `GradientMethod.combine`."""
        import tensorflow as tf

        # Divided by g²: its third power would vanish in float32 where g is small.
        divisor = 2 + gradients * tf.reduce_sum(features, axis=(1, 2), keepdims=True)
        alphas = tf.math.divide_no_nan(tf.cast(gradients != 0, tf.float32), divisor)
        total = tf.reduce_sum(alphas, axis=(1, 2), keepdims=True)
        alphas = tf.math.divide_no_nan(alphas, total)
        weights = tf.reduce_sum(alphas * tf.nn.relu(gradients), axis=(1, 2), keepdims=True)
        return tf.nn.relu(tf.reduce_sum(weights * features, axis=-1))

    def channel_weights(self, gradients):
        """See `GradientMethod.channel_weights`; alphas that are all the same sum up to one."""
        return np.maximum(gradients, 0)

"""Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
ICCV 2017, https://arxiv.org/abs/1610.02391.
"""

from keras_cxr.explain.gradient_method import GradientMethod
from keras_cxr.explain.registry import register


@register(
    "gradcam",
    "Grad-CAM",
    "the layer's maps, each weighted by the mean gradient of the score by it",
    "Selvaraju et al., ICCV 2017",
    "1 forward, 1 backward",
)
class GradCAM(GradientMethod):
    """Feature maps weighted by the mean gradient of the class's score, summed, negative parts dropped.

    Equations 1 and 2 of the paper: ``relu(sum_k mean_ij(d score / d A_kij) * A_k)``.
    """

    def combine(self, features, gradients):
        """See `GradientMethod.combine`."""
        import tensorflow as tf

        weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
        return tf.nn.relu(tf.reduce_sum(weights * features, axis=-1))

    def channel_weights(self, gradients):
        """See `GradientMethod.channel_weights`."""
        return gradients

"""HiResCAM: Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
networks", 2020, https://arxiv.org/abs/2011.08891.
"""

from keras_cxr.explain.gradient_method import GradientMethod
from keras_cxr.explain.registry import register


@register(
    "hirescam",
    "HiResCAM",
    "the layer's maps, each place weighted by its own gradient: the score's parts where one dense layer follows",
    "Draelos and Carin, 2020",
    "1 forward, 1 backward",
)
class HiResCAM(GradientMethod):
    """Gradients times feature maps, place by place, summed, negative parts dropped.

    Equal to Grad-CAM where global average pooling and one dense layer follow.
    """

    def combine(self, features, gradients):
        """See `GradientMethod.combine`."""
        import tensorflow as tf

        return tf.nn.relu(tf.reduce_sum(gradients * features, axis=-1))

    def channel_weights(self, gradients):
        """See `GradientMethod.channel_weights`."""
        return gradients

"""Inception V3: Szegedy et al., Rethinking the Inception architecture for computer vision, CVPR 2016."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer


@register_transfer(
    "inceptionv3",
    parameters=22_852_385,
    feature_layer="mixed10",
    cut_layer="mixed7",
    input_size=299,
    smallest=75,
    pretrained=Pretrained(
        "inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5", "bcbd6486424b2319ff4ef7d526e38f63"
    ),
)
def inceptionv3(plan):
    """The transfer network on Inception V3, gray levels to [−1, 1]."""
    from keras_cxr.models.layers import minus_one_to_one
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), minus_one_to_one)

"""Xception: Chollet, Xception: deep learning with depthwise separable convolutions, CVPR 2017."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer


@register_transfer(
    "xception",
    parameters=21_911_081,
    feature_layer="block14_sepconv2_act",
    cut_layer="add_10",
    input_size=299,
    smallest=71,
    pretrained=Pretrained(
        "xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5", "b0042744bf5b25fce3cb969f33bebb97"
    ),
)
def xception(plan):
    """The transfer network on Xception, gray levels to [−1, 1]."""
    from keras_cxr.models.layers import minus_one_to_one
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), minus_one_to_one)

"""ResNet-34: He et al., Deep residual learning for image recognition, CVPR 2016."""

from keras_cxr.models.registry import register


@register(
    "resnet34",
    "from scratch, or from a weights file",
    channels=1,
    parameters=21_295_941,
    feature_layer="conv5_block3_out",
    cut_layer="conv4_block6_out",
    weights_channels=3,
    backbone=True,
)
def resnet34(plan):
    """ResNet-34 from scratch, or the transfer network on it."""
    from keras_cxr.models.resnet import resnet_network

    return resnet_network(plan, depths=(3, 4, 6, 3))

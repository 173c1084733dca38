"""ResNet-18: He et al., Deep residual learning for image recognition, CVPR 2016."""

from keras_cxr.models.registry import register


@register(
    "resnet18",
    "from scratch, or from a weights file",
    channels=1,
    parameters=11_180_357,
    feature_layer="conv5_block2_out",
    cut_layer="conv4_block2_out",
    weights_channels=3,
    backbone=True,
)
def resnet18(plan):
    """ResNet-18 from scratch, or the transfer network on it."""
    from keras_cxr.models.resnet import resnet_network

    return resnet_network(plan, depths=(2, 2, 2, 2))

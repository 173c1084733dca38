"""ResNet-34 with GELU: He et al., CVPR 2016; Hendrycks and Gimpel, Gaussian error linear units, 2016."""

from keras_cxr.models.registry import register


@register(
    "resnet34-gelu",
    "from scratch; GELU in place of ReLU",
    channels=1,
    parameters=21_295_941,
    feature_layer="conv5_block3_out",
    cut_layer="conv4_block6_out",
    weights_channels=3,
    backbone=True,
)
def resnet34_gelu(plan):
    """ResNet-34 with GELU from scratch, or the transfer network on it."""
    from keras_cxr.models.resnet import resnet_network

    return resnet_network(plan, depths=(3, 4, 6, 3), activation="gelu")

"""ResNet-50 as torchvision builds it ("v1.5"): He et al., CVPR 2016, the stride in the 3×3 convolutions."""

from keras_cxr.models.registry import register


@register(
    "resnet50-torchvision",
    "transfer from torchvision; see import-weights",
    channels=3,
    parameters=24_610_753,
    feature_layer="conv5_block3_out",
    cut_layer="conv4_block6_out",
    backbone=True,
)
def resnet50_torchvision(plan):
    """The transfer network on torchvision's ResNet-50, with torchvision's preprocessing."""
    from keras_cxr.models.layers import torchvision_input
    from keras_cxr.models.torch_layout import resnet50
    from keras_cxr.models.transfer import transfer_network

    return transfer_network(plan, resnet50, torchvision_input)

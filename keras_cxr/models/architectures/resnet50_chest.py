"""ResNet-50 on one channel at 512, as torchxrayvision trains it on films: Cohen et al., TorchXRayVision, MIDL 2022."""

from keras_cxr.models.registry import register


@register(
    "resnet50-chest",
    "transfer from films at 512; see import-weights",
    channels=1,
    parameters=24_604_481,
    feature_layer="conv5_block3_out",
    cut_layer="conv4_block6_out",
    input_size=512,
    backbone=True,
)
def resnet50_chest(plan):
    """The transfer network on torchvision's ResNet-50, gray levels to [-1024, 1024]."""
    from keras_cxr.models.torch_layout import chest_range, resnet50
    from keras_cxr.models.transfer import transfer_network

    return transfer_network(plan, resnet50, chest_range)

"""DenseNet-121 on one channel, as torchxrayvision trains it on films: Cohen et al., TorchXRayVision, MIDL 2022."""

from keras_cxr.models.registry import register


@register(
    "densenet121-chest",
    "transfer from films; see import-weights",
    channels=1,
    parameters=7_556_545,
    feature_layer="relu",
    cut_layer="pool4_relu",
    backbone=True,
)
def densenet121_chest(plan):
    """The transfer network on DenseNet-121, gray levels to [-1024, 1024]."""
    import keras

    from keras_cxr.models.torch_layout import chest_range
    from keras_cxr.models.transfer import transfer_network

    return transfer_network(plan, keras.applications.DenseNet121, chest_range)

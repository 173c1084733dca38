"""ResNet-50: He et al., Deep residual learning for image recognition, CVPR 2016."""

from keras_cxr.models.registry import Pretrained, register


@register(
    "resnet50",
    "transfer: frozen, with a new head",
    channels=3,
    weights="imagenet",
    pretrained=Pretrained(
        "resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5", "4d473c1dd8becc155b73f8504c6f6626"
    ),
)
def resnet50(plan):
    """The transfer network on ResNet-50, with caffe's preprocessing."""
    import keras

    from keras_cxr.models.layers import caffe
    from keras_cxr.models.transfer import transfer_network

    return transfer_network(plan, keras.applications.ResNet50, caffe)

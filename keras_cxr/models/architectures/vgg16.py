"""VGG-16: Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015."""

from keras_cxr.models.registry import Pretrained, register


@register(
    "vgg16",
    "from scratch, or transfer",
    channels=3,
    pretrained=Pretrained(
        "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", "6d6bbae143d832006294945121d1f1fc"
    ),
)
def vgg16(plan):
    """VGG-16 from scratch, or the transfer network on it."""
    import keras

    from keras_cxr.models.vgg import vgg_network

    return vgg_network(plan, keras.applications.VGG16)

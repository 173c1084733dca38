"""VGG-19: Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015."""

from keras_cxr.models.registry import Pretrained, register


@register(
    "vgg19",
    "from scratch, or transfer",
    channels=3,
    pretrained=Pretrained(
        "vgg19/vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", "253f8cb515780f3b799900260a226db6"
    ),
)
def vgg19(plan):
    """VGG-19 from scratch, or the transfer network on it."""
    import keras

    from keras_cxr.models.vgg import vgg_network

    return vgg_network(plan, keras.applications.VGG19)

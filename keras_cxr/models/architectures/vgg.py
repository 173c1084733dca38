"""VGG: Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, ICLR 2015."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register

# Parameters, checksum.
MEMBERS = {
    "vgg16": (14_715_213, "6d6bbae143d832006294945121d1f1fc"),
    "vgg19": (20_024_909, "253f8cb515780f3b799900260a226db6"),
}


def vgg(plan):
    """VGG from scratch, or the transfer network on it."""
    from keras_cxr.models.transfer import application
    from keras_cxr.models.vgg import vgg_network

    return vgg_network(plan, application(plan.name))


for name, (parameters, checksum) in MEMBERS.items():
    register(
        name,
        "from scratch, or transfer",
        channels=3,
        parameters=parameters,
        feature_layer="block5_pool",
        cut_layer="block4_pool",
        pretrained=Pretrained(f"{name}/{name}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum),
    )(vgg)

"""EfficientNet: Tan and Le, EfficientNet: rethinking model scaling for convolutional neural networks, ICML 2019."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer

# Input size, parameters, checksum.
MEMBERS = {
    "efficientnetb0": (224, 4_705_956, "50bc09e76180e00e4465e1a485ddc09d"),
    "efficientnetb1": (240, 7_231_624, "74c4e6b3e1f6a1eea24c589628592432"),
    "efficientnetb2": (260, 8_490_490, "111f8e2ac8aa800a7a99e3239f7bfb39"),
    "efficientnetb3": (300, 11_570_992, "af6d107764bb5b1abb91932881670226"),
    "efficientnetb4": (380, 18_592_352, "ebc24e6d6c33eaebbd558eafbeedf1ba"),
    "efficientnetb5": (456, 29_563_128, "38879255a25d3c92d5e44e04ae6cec6f"),
    "efficientnetb6": (528, 42_140_816, "9ecce42647a20130c1f39a5d4cb75743"),
    "efficientnetb7": (600, 65_409_432, "cbcfe4450ddf6f3ad90b1b398090fe4a"),
}


def efficientnet(plan):
    """The transfer network on an EfficientNet, whose preprocessing is inside the backbone."""
    from keras_cxr.models.efficientnet import with_published_scale
    from keras_cxr.models.layers import rgb
    from keras_cxr.models.transfer import application, transfer_network

    backbone = application(plan.name)
    return transfer_network(plan, with_published_scale(backbone) if plan.weights else backbone, rgb)


for name, (input_size, parameters, checksum) in MEMBERS.items():
    register_transfer(
        name,
        parameters=parameters,
        feature_layer="top_activation",
        cut_layer="block6a_expand_activation",
        input_size=input_size,
        pretrained=Pretrained(f"/keras-applications/{name}_notop.h5", checksum),
    )(efficientnet)

"""EfficientNet V2: Tan and Le, EfficientNetV2: smaller models and faster training, ICML 2021."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer

# Input size, parameters, checksum.
MEMBERS = {
    "efficientnetv2b0": (224, 6_575_697, "893217f2bb855e2983157299931e43ff"),
    "efficientnetv2b1": (240, 7_587_509, "0e80663031ca32d657f9caa404b6ec37"),
    "efficientnetv2b2": (260, 9_491_295, "1dfe2e7a5d45b6632553a8961ea609eb"),
    "efficientnetv2b3": (300, 13_718_079, "f6abf7b5849ac99a89b50dd3fd532856"),
    "efficientnetv2s": (384, 20_987_745, "af0682fb74e8c54910f2d4393339c070"),
    "efficientnetv2m": (480, 53_806_773, "1b8dc055df72dde80d614482840fe342"),
    "efficientnetv2l": (480, 118_403_233, "b0b66b5c863aef5b46e8608fe1711615"),
}


def efficientnetv2(plan):
    """The transfer network on an EfficientNet V2, whose preprocessing is inside the backbone."""
    from keras_cxr.models.layers import rgb
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), rgb)


for name, (input_size, parameters, checksum) in MEMBERS.items():
    register_transfer(
        name,
        parameters=parameters,
        feature_layer="top_activation",
        cut_layer="block6a_expand_activation",
        input_size=input_size,
        pretrained=Pretrained(f"efficientnet_v2/{name.replace('netv2', 'netv2-')}_notop.h5", checksum),
    )(efficientnetv2)

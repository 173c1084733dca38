"""NASNet-A (4 @ 1056): Zoph et al., Learning transferable architectures for scalable image recognition, CVPR 2018."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer


@register_transfer(
    "nasnetmobile",
    summary="transfer: light",
    parameters=4_811_413,
    feature_layer="activation_187",
    cut_layer="normal_concat_8",
    pretrained=Pretrained("nasnet/NASNet-mobile-no-top.h5", "1ed92395b5b598bdda52abe5c0dbfd63"),
)
def nasnetmobile(plan):
    """The transfer network on NASNet-A (4 @ 1056), gray levels to [−1, 1]."""
    from keras_cxr.models.layers import minus_one_to_one
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), minus_one_to_one)

"""MobileNets: Howard et al. 2017 (arXiv:1704.04861), Sandler et al., CVPR 2018, Howard et al., ICCV 2019."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer

# Parameters, last layer, cut layer, weights file, checksum where one is published.
MEMBERS = {
    "mobilenet": (
        3_754_177,
        "conv_pw_13_relu",
        "conv_pw_11_relu",
        "mobilenet/mobilenet_1_0_224_tf_no_top.h5",
        "",
    ),
    "mobilenetv2": (
        2_914_369,
        "out_relu",
        "block_13_expand_relu",
        "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        "",
    ),
    "mobilenetv3small": (
        1_235_057,
        "activation_17",
        "activation_11",
        "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
        "d3e8ec802a04aa4fc771ee12a9a9b836",
    ),
    "mobilenetv3large": (
        3_488_897,
        "activation_19",
        "activation_13",
        "mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
        "07fb09a5933dd0c8eaafa16978110389",
    ),
}


def mobilenet(plan):
    """The transfer network on a MobileNet; gray levels to [−1, 1], which V3 does itself."""
    from keras_cxr.models.layers import minus_one_to_one, rgb
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), rgb if "v3" in plan.name else minus_one_to_one)


for name, (parameters, feature_layer, cut_layer, path, checksum) in MEMBERS.items():
    register_transfer(
        name,
        summary="transfer: light",
        parameters=parameters,
        feature_layer=feature_layer,
        cut_layer=cut_layer,
        pretrained=Pretrained(path, checksum),
    )(mobilenet)

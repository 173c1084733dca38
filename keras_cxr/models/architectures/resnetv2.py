"""ResNet V2: He et al., Identity mappings in deep residual networks, ECCV 2016."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer

# Parameters, checksum.
MEMBERS = {
    "resnet50v2": (24_614_401, "fac2f116257151a9d068a22e544a4917"),
    "resnet101v2": (43_676_161, "c0ed64b8031c3730f411d2eb4eea35b5"),
    "resnet152v2": (59_381_249, "ed17cf2e0169df9d443503ef94b23b33"),
}


def resnetv2(plan):
    """The transfer network on a ResNet V2, gray levels to [−1, 1]."""
    from keras_cxr.models.layers import minus_one_to_one
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), minus_one_to_one)


for name, (parameters, checksum) in MEMBERS.items():
    register_transfer(
        name,
        parameters=parameters,
        feature_layer="post_relu",
        cut_layer="conv5_block1_preact_relu",
        pretrained=Pretrained(f"resnet/{name}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum),
    )(resnetv2)

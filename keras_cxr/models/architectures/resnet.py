"""ResNet: He et al., Deep residual learning for image recognition, CVPR 2016."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer

# Parameters, the end of the last block but one size, checksum.
MEMBERS = {
    "resnet50": (24_637_313, "conv4_block6_out", "4d473c1dd8becc155b73f8504c6f6626"),
    "resnet101": (43_707_777, "conv4_block23_out", "88cf7a10940856eca736dc7b7e228a21"),
    "resnet152": (59_420_545, "conv4_block36_out", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
}


def resnet(plan):
    """The transfer network on a ResNet, with caffe's preprocessing."""
    from keras_cxr.models.layers import caffe
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), caffe)


for name, (parameters, cut_layer, checksum) in MEMBERS.items():
    register_transfer(
        name,
        parameters=parameters,
        feature_layer="conv5_block3_out",
        cut_layer=cut_layer,
        pretrained=Pretrained(f"resnet/{name}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum),
    )(resnet)

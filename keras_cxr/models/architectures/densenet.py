"""DenseNet: Huang et al., Densely connected convolutional networks, CVPR 2017."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer

# Parameters, checksum.
MEMBERS = {
    "densenet121": (7_562_817, "30ee3e1110167f948a6b9946edeeb738"),
    "densenet169": (13_495_873, "b8c4d4c20dd625c148057b9ff1c1176b"),
    "densenet201": (19_306_049, "c13680b51ded0fb44dff2d8f86ac8bb1"),
}


def densenet(plan):
    """The transfer network on a DenseNet, with torchvision's preprocessing."""
    from keras_cxr.models.layers import torchvision_input
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, application(plan.name), torchvision_input)


for name, (parameters, checksum) in MEMBERS.items():
    register_transfer(
        name,
        parameters=parameters,
        feature_layer="relu",
        cut_layer="pool4_relu",
        pretrained=Pretrained(f"densenet/{name}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum),
    )(densenet)

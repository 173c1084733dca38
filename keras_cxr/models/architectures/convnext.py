"""ConvNeXt: Liu et al., A ConvNet for the 2020s, CVPR 2022."""

from keras_cxr.models.architecture import Pretrained
from keras_cxr.models.registry import register_transfer

# Parameters, the last block of the last stage but one, checksum.
MEMBERS = {
    "tiny": (28_214_369, 8, "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1"),
    "small": (49_848_929, 26, "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab"),
    "base": (88_091_777, 26, "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45"),
    "large": (197_017_793, 26, "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd"),
    "xlarge": (349_197_569, 26, "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05"),
}


def convnext(plan):
    """The transfer network on a ConvNeXt, whose preprocessing is inside the backbone."""
    from keras_cxr.models.convnext import with_named_sums
    from keras_cxr.models.layers import rgb
    from keras_cxr.models.transfer import application, transfer_network

    return transfer_network(plan, with_named_sums(application(plan.name)), rgb)


for member, (parameters, block, checksum) in MEMBERS.items():
    register_transfer(
        f"convnext{member}",
        parameters=parameters,
        feature_layer="layer_normalization",
        cut_layer=f"convnext_{member}_stage_2_block_{block}_add",
        pretrained=Pretrained(f"convnext/convnext_{member}_notop.h5", checksum),
    )(convnext)

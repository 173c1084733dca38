"""ResNets of basic blocks: He et al., Deep residual learning for image recognition, CVPR 2016.

Layers, paddings and epsilons are those of torchvision, so that its weights give the same features here; the layers'
names are those of keras.applications' ResNet-50.
"""

import functools

import keras
from keras import layers

from keras_cxr.models.architecture import Plan
from keras_cxr.models.layers import torchvision_input
from keras_cxr.models.scratch import pooled, scratch_network
from keras_cxr.models.transfer import backbone_of, transfer_network

WIDTHS = (64, 128, 256, 512)


def resnet_network(plan: Plan, depths: tuple[int, int, int, int], activation: str = "relu") -> keras.Model:
    """The transfer network if the plan has weights; else the convolutions, pooled and classified, from scratch.

    Args:
        plan: What to build.
        depths: Number of blocks at each of the four sizes: (2, 2, 2, 2) for ResNet-18, (3, 4, 6, 3) for ResNet-34.
        activation: After each sum and each first convolution, as Keras names it.
    """
    application = functools.partial(basic_resnet, depths=depths, activation=activation)
    if plan.weights:
        return transfer_network(plan, application, torchvision_input)
    return scratch_network(plan, pooled(plan, backbone_of(plan, application)))


def basic_resnet(
    include_top: bool,
    weights: None,
    input_shape: tuple[int, int, int],
    depths: tuple[int, int, int, int],
    activation: str = "relu",
) -> keras.Model:
    """The convolutions alone, randomly initialised; called as keras.applications are.

    Maps (batch, height, width, channels) float32 to (batch, height / 32, width / 32, 512), rounded up.
    """
    if include_top or weights is not None:
        raise ValueError("basic_resnet has neither a classifier nor weights of its own.")
    start = keras.Input(input_shape)
    x = _convolve(start, 64, 7, 2, "conv1")
    x = layers.Activation(activation, name="conv1_relu")(x)
    # Zeros instead of torch's −∞: the same after a ReLU, whose smallest value is 0.
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
    for stage, (width, depth) in enumerate(zip(WIDTHS, depths, strict=True), start=2):
        for block in range(1, depth + 1):
            halve = block == 1 and stage > 2
            x = _basic_block(x, width, 2 if halve else 1, activation, f"conv{stage}_block{block}")
    return keras.Model(start, x)


def _basic_block(x: keras.KerasTensor, filters: int, strides: int, activation: str, name: str) -> keras.KerasTensor:
    shortcut = x
    if strides > 1 or x.shape[-1] != filters:
        shortcut = _convolve(x, filters, 1, strides, f"{name}_0")
    x = _convolve(x, filters, 3, strides, f"{name}_1")
    x = layers.Activation(activation, name=f"{name}_1_relu")(x)
    x = _convolve(x, filters, 3, 1, f"{name}_2")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation(activation, name=f"{name}_out")(x)


def _convolve(x: keras.KerasTensor, filters: int, kernel: int, strides: int, name: str) -> keras.KerasTensor:
    """Convolution and BatchNorm, zeros on all sides alike: Keras's "same" puts more behind where it skips pixels."""
    padding = "same"
    if strides > 1 and kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2, name=f"{name}_pad")(x)
        padding = "valid"
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        padding,
        use_bias=False,
        kernel_initializer=keras.initializers.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
        name=f"{name}_conv",
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)

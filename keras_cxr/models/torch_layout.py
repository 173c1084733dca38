"""ResNet-50 in PyTorch's layout, and the gray levels that torchxrayvision expects.

keras.applications' ResNet50 halves the maps in the first convolution of a block, torchvision's in the 3×3 convolution
("v1.5"); torchvision's convolutions have no bias. DenseNet-121 is the same network in both libraries but for
BatchNorm's epsilon, which ``import_weights`` folds into the variances.
"""

import keras
from keras import layers

EPSILON = 1e-5
"""PyTorch's default of BatchNorm."""


def chest_range(gray: keras.KerasTensor) -> keras.KerasTensor:
    """Gray levels 0–255 to [-1024, 1024], one channel: ``torchxrayvision.utils.normalize(film, 255)``."""
    return layers.Rescaling(2048 / 255, offset=-1024, dtype="float32", name="chest_range")(gray)


def resnet50(include_top: bool, weights: None, input_shape: tuple[int, int, int]) -> keras.Model:
    """torchvision's ResNet-50 without top, as an application of ``transfer.backbone_of``; layers named as Keras' own.

    He et al., Deep residual learning for image recognition, CVPR 2016; the stride as in torchvision's Bottleneck.
    """
    if include_top or weights:
        raise ValueError("Built without top and without weights only.")
    start = keras.Input(input_shape)
    x = layers.ZeroPadding2D(3, name="conv1_pad")(start)
    x = _conv(x, 64, 7, 2, "conv1")
    x = layers.Activation("relu", name="conv1_relu")(x)
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    x = layers.MaxPooling2D(3, 2, name="pool1_pool")(x)
    for stage, (filters, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=2):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 2 and block == 1 else 1
            x = _bottleneck(x, filters, stride, block == 1, f"conv{stage}_block{block}")
    return keras.Model(start, x, name="resnet50")


def _bottleneck(x: keras.KerasTensor, filters: int, stride: int, project: bool, name: str) -> keras.KerasTensor:
    shortcut = _conv(x, 4 * filters, 1, stride, f"{name}_0") if project else x
    x = layers.Activation("relu", name=f"{name}_1_relu")(_conv(x, filters, 1, 1, f"{name}_1"))
    # Keras pads "same" at the right and bottom alone where the stride is 2; PyTorch pads all sides.
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Activation("relu", name=f"{name}_2_relu")(_conv(x, filters, 3, stride, f"{name}_2"))
    x = layers.Add(name=f"{name}_add")([shortcut, _conv(x, 4 * filters, 1, 1, f"{name}_3")])
    return layers.Activation("relu", name=f"{name}_out")(x)


def _conv(x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str) -> keras.KerasTensor:
    """Convolution without bias and padding, then BatchNorm."""
    x = layers.Conv2D(filters, kernel, stride, use_bias=False, name=f"{name}_conv")(x)
    return layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)

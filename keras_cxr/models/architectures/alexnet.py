"""AlexNet: Krizhevsky et al., ImageNet classification with deep convolutional neural networks, NIPS 2012."""

from keras_cxr.models.registry import register


@register(
    "alexnet", "from scratch, every stride 4", channels=1, parameters=21_562_053, feature_layer="pool2", smallest=73
)
def alexnet(plan):
    """AlexNet from scratch, in the form of 21,574,344 parameters at 224 pixels, one channel and four classes.

    Every convolution has stride 4 and padding "same"; at 224 pixels the third leaves one pixel, so the flattened
    features are the 256 maps of the fifth, and no third pooling follows.
    """
    from keras import layers

    from keras_cxr.models.scratch import scratch_network

    def conv(x, number, filters, kernel):
        return layers.Conv2D(filters, kernel, strides=4, padding="same", activation="relu", name=f"conv{number}")(x)

    def body(x):
        x = layers.MaxPooling2D(3, 2, name="pool1")(conv(x, 1, 96, 11))
        x = layers.MaxPooling2D(3, 2, name="pool2")(conv(x, 2, 256, 5))
        for number, filters in ((3, 384), (4, 384), (5, 256)):
            x = conv(x, number, filters, 3)
        x = layers.Flatten(name="flatten")(x)
        for number in (6, 7):
            x = layers.Dense(4096, activation="relu", name=f"dense{number}")(x)
            x = layers.Dropout(plan.dropout, name=f"dropout{number}")(x)
        return x

    return scratch_network(plan, body)

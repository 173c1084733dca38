"""LeNet-5: LeCun et al., Gradient-based learning applied to document recognition, Proceedings of the IEEE 1998."""

from keras_cxr.models.registry import register


@register("lenet5", "from scratch, tiny", channels=1, parameters=60_945, feature_layer="c5")
def lenet5(plan):
    """LeNet-5 from scratch: tanh, average pooling, C5 a convolution of 120 maps as in the paper.

    At 32 pixels C5 leaves one pixel a map, and this is the published network (61,706 parameters for ten classes, with
    every S2 map wired to every C3 map). At larger sizes the average of each C5 map takes that pixel's place, so that
    the number of parameters does not grow with the film.
    """
    from keras import layers

    from keras_cxr.models.scratch import scratch_network

    def body(x):
        x = layers.Conv2D(6, 5, activation="tanh", name="c1")(x)
        x = layers.AveragePooling2D(2, name="s2")(x)
        x = layers.Conv2D(16, 5, activation="tanh", name="c3")(x)
        x = layers.AveragePooling2D(2, name="s4")(x)
        x = layers.Conv2D(120, 5, activation="tanh", name="c5")(x)
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(84, activation="tanh", name="f6")(x)
        return layers.Dropout(plan.dropout, name="dropout")(x)

    return scratch_network(plan, body)

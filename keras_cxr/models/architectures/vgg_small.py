"""The VGG-style network commonly trained on the pneumonia films of Kermany et al. (Cell 2018)."""

from keras_cxr.models.registry import register


@register(
    "vgg-small",
    "from scratch, separable convolutions",
    channels=1,
    parameters=6_639_429,
    feature_layer="block5_pool",
    dropout=0.3,
)
def vgg_small(plan):
    """Five blocks of two convolutions, from the second on separable (Chollet, CVPR 2017), and three dense layers.

    Between the dense layers 0.7 and 0.5 of the units are dropped; the plan's rate is that before the classifier.
    """
    from keras import layers

    from keras_cxr.models.scratch import scratch_network

    def body(x):
        for block, filters in enumerate((16, 32, 64, 128, 256), start=1):
            conv = layers.Conv2D if block == 1 else layers.SeparableConv2D
            for number in (1, 2):
                name = f"block{block}_conv{number}"
                x = conv(filters, 3, padding="same", activation="relu", name=name)(x)
            if block > 1:
                # Keras's momentum of 0.99 is too slow for the few steps of an epoch on a small data set.
                x = layers.BatchNormalization(momentum=0.9, name=f"block{block}_bn")(x)
            x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
            if block > 3:
                x = layers.Dropout(0.2, name=f"block{block}_dropout")(x)
        x = layers.Flatten(name="flatten")(x)
        for number, (units, rate) in enumerate(((512, 0.7), (128, 0.5)), start=1):
            x = layers.Dense(units, activation="relu", name=f"dense{number}")(x)
            x = layers.Dropout(rate, name=f"dropout{number}")(x)
        x = layers.Dense(64, activation="relu", name="dense3")(x)
        return layers.Dropout(plan.dropout, name="dropout")(x)

    return scratch_network(plan, body)

"""A plain convolutional network as in first lessons: three convolutions, each pooled, and one dense layer."""

from keras_cxr.models.registry import register


@register(
    "cnn-small",
    "from scratch, three convolutions",
    channels=1,
    parameters=11_168_513,
    feature_layer="pool3",
    smallest=22,
)
def cnn_small(plan):
    """Three convolutions and a dense layer of 128 from scratch; the body sees gray levels in [−1, 1]."""
    from keras import layers

    from keras_cxr.models.layers import minus_one_to_one
    from keras_cxr.models.scratch import scratch_network

    def body(x):
        for number, filters in enumerate((32, 64, 128), start=1):
            x = layers.Conv2D(filters, 3, activation="relu", name=f"conv{number}")(x)
            x = layers.MaxPooling2D(name=f"pool{number}")(x)
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(128, activation="relu", name="dense1")(x)
        return layers.Dropout(plan.dropout, name="dropout")(x)

    return scratch_network(plan, body, minus_one_to_one)

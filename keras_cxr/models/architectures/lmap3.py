"""LMAP3: a light network of five convolutions, each followed by max pooling, and three dense layers."""

from keras_cxr.models.registry import register


@register(
    "lmap3", "from scratch, light", channels=1, parameters=287_493, feature_layer="pool5", dropout=0.2, smallest=94
)
def lmap3(plan):
    """LMAP3 from scratch: 287,688 parameters at 224 pixels, one channel and four classes."""
    from keras import layers

    from keras_cxr.models.scratch import scratch_network

    def body(x):
        for number, filters in enumerate((32, 32, 32, 64, 64), start=1):
            x = layers.Conv2D(filters, 3, activation="relu", name=f"conv{number}")(x)
            x = layers.MaxPooling2D(name=f"pool{number}")(x)
        x = layers.Dropout(plan.dropout, name="dropout_maps")(x)
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(128, activation="relu", name="dense1")(x)
        x = layers.Dense(64, activation="relu", name="dense2")(x)
        return layers.Dropout(plan.dropout, name="dropout")(x)

    return scratch_network(plan, body)

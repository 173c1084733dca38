"""The networks that benchmarks run: this package's as a saved-model folder, and the same one as a notebook has it."""

import datetime
import pathlib

CUT = "conv4_block6_out"


def trunk_weights(weights: pathlib.Path | None, folder: pathlib.Path) -> tuple[pathlib.Path, str | None]:
    """A file of ResNet50 weights and the layer at which to cut: random ones of all of it where none are given."""
    import keras

    if weights:
        return weights, CUT if "conv4" in weights.name else None
    file = folder / "resnet50.weights.h5"
    keras.applications.ResNet50(include_top=False, weights=None, input_shape=(224, 224, 3)).save_weights(file)
    return file, None


def notebook_resnet50(weights: pathlib.Path | None):
    """ResNet50 with a head of 512 units, as a transfer-learning notebook writes it: (batch, 224, 224, 3) colours."""
    import keras
    from keras import layers

    base = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(224, 224, 3))
    if weights and "conv4" in weights.name:
        base = keras.Model(base.input, base.get_layer(CUT).output)
    if weights:
        base.load_weights(weights)
    base.trainable = False
    inputs = keras.Input((224, 224, 3))
    x = keras.applications.resnet50.preprocess_input(inputs)
    x = base(x, training=False)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(512, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    outputs = layers.Dense(1, activation="sigmoid")(x)
    return keras.Model(inputs, outputs)


def save_untrained(folder: pathlib.Path, architecture: str = "resnet50", weights: pathlib.Path | None = None):
    """A saved model of this package whose head is random: to be timed, not to be believed."""
    from keras_cxr.models.network import build

    cut = CUT if weights and "conv4" in weights.name else None
    return _save(folder, build(architecture, classes=2, weights=str(weights or "none"), features_from=cut))


def save_tiny(folder: pathlib.Path, size: int = 64):
    """A saved model that costs next to nothing: an average over 8 × 8 pixels and one dense layer."""
    import keras
    from keras import layers

    films = keras.Input((size, size, 1))
    x = layers.Flatten()(layers.AveragePooling2D(8)(layers.Rescaling(1 / 255)(films)))
    x = layers.Dense(1, name="logits")(x)
    return _save(folder, keras.Model(films, layers.Activation("sigmoid", name="probability")(x), name="tiny"))


def _save(folder: pathlib.Path, network):
    from keras_cxr.models.saved_model import NETWORK, Card, open_model, write_card

    folder.mkdir(parents=True, exist_ok=True)
    network.save(folder / NETWORK)
    card = Card(
        name=folder.name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        architecture=network.name,
        classes=["NORMAL", "PNEUMONIA"],
        threshold=0.5,
        temperature=1.0,
        preprocessing={"size": network.input_shape[1], "fit": "pad"},
        data={},
        training={},
        scores=[],
        versions={},
    )
    write_card(folder, card)
    return open_model(folder)


def write_default_runtime(model) -> str:
    """Write what ``train`` writes for the default runtime in float32, and return the name of what 'auto' then takes."""
    import numpy as np

    from keras_cxr.prediction.choose import choose
    from keras_cxr.prediction.material import material
    from keras_cxr.prediction.optimize import combinations, write_runtimes

    none = np.empty((0, *model.network().input_shape[1:]), np.uint8)
    pairs, reasons = combinations("openvino", "float32")
    for reason in reasons:
        print(f"Not installed: {reason}")
    write_runtimes(model, pairs, material(none, none, np.empty(0, int)))
    return choose(model).name

"""The networks that benchmarks run: this package's as a saved-model folder, and the same one as a notebook has it."""

import datetime
import os
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


def notebook_resnet50(weights: pathlib.Path | None, trained=None):
    """ResNet50 with a head of 512 units, as a transfer-learning notebook writes it: (batch, 224, 224, 3) colours.

    With the head of a network of this package where one is given, so that the two should say the same.
    """
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
    model = keras.Model(inputs, outputs)
    if trained is not None:
        for layer, name in zip((model.layers[-3], model.layers[-1]), ("features", "logits"), strict=True):
            layer.set_weights(trained.get_layer(name).get_weights())
    return model


def save_untrained(folder: pathlib.Path, architecture: str = "resnet50", weights: pathlib.Path | None = None):
    """A saved model of this package whose head is random: to be timed, not to be believed."""
    from keras_cxr.models.network import build

    cut = CUT if weights and "conv4" in weights.name else None
    return _save(folder, build(architecture, classes=2, weights=str(weights or "none"), features_from=cut))


def save_flat(folder: pathlib.Path, weights: pathlib.Path | None = None):
    """ResNet50 with the head of a notebook as one flat network, which all programs for heatmaps can open."""
    import keras
    from keras import layers

    films = keras.Input((224, 224, 1))
    x = layers.Concatenate()([films] * 3)
    x = layers.Normalization(mean=[103.939, 116.779, 123.68], variance=[1.0, 1.0, 1.0])(x)
    base = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=x)
    if weights and "conv4" in weights.name:
        base = keras.Model(base.input, base.get_layer(CUT).output)
    if weights:
        whole = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(224, 224, 3))
        if "conv4" in weights.name:
            whole = keras.Model(whole.input, whole.get_layer(CUT).output)
        whole.load_weights(weights)
        for layer in whole.layers:
            if layer.weights:
                base.get_layer(layer.name).set_weights(layer.get_weights())
    x = layers.GlobalAveragePooling2D()(base.output)
    x = layers.Dense(512, activation="relu")(x)
    x = layers.Dense(1, name="logits")(x)
    return _save(folder, keras.Model(films, layers.Activation("sigmoid", name="probability")(x), name="flat"))


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


def save_trained(folder: pathlib.Path, films: list[pathlib.Path], weights: pathlib.Path | None, runtimes: bool = True):
    """What ``train`` makes of some small films in a few epochs, with the files of the default runtime.

    The films of this data set were stretched to squares; so are those that the model then labels.
    """
    from films import link

    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    os.environ["KERAS_CXR_CACHE"] = str(folder.parent / "cache")
    weights, cut = trunk_weights(weights, folder.parent)
    labelled = link(films, len(films), folder.parent / f"{folder.name}-films")
    recipe = Recipe(weights=str(weights), features_from=cut, epochs=15, split=(80, 20, 0), fit="squeeze", views=1)
    return train(read_dataset(labelled), recipe, folder, runtimes=runtimes)


def write_default_runtime(model) -> str:
    """Write what ``train`` writes for the default runtime in float32, and return the name of what 'auto' then takes."""
    import numpy as np

    from keras_cxr.prediction.serving.choose import choose
    from keras_cxr.prediction.serving.material import material
    from keras_cxr.prediction.serving.optimize import combinations, write_runtimes

    none = np.empty((0, *model.network().input_shape[1:]), np.uint8)
    pairs, reasons = combinations("openvino", "float32")
    for reason in reasons:
        print(f"Not installed: {reason}")
    write_runtimes(model, pairs, material(none, none, np.empty(0, int)))
    return choose(model).name

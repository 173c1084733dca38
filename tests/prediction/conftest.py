"""Films at the size of ``tiny_model``, so that Pillow alone gives what its network sees."""

import dataclasses

import keras
import numpy as np
import pytest
from PIL import Image

SIDE = 64


@pytest.fixture(scope="session")
def write_films():
    """A function that writes films of these names to a folder, each with gray levels of its own."""

    def write(folder, names, seed=0):
        for number, name in enumerate(names):
            rng = np.random.default_rng((seed, number))
            pixels = rng.normal(rng.uniform(40, 210), rng.uniform(5, 60), (SIDE, SIDE)).clip(0, 255).astype("uint8")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with open(folder / name, "wb") as stream:
                Image.fromarray(pixels).save(stream, format="PNG")
        return folder

    return write


@pytest.fixture(scope="session")
def positive(tiny_model):
    """A function from film files to the probability of PNEUMONIA at a temperature, by Keras and Pillow alone."""
    network = keras.models.load_model(tiny_model.folder / "model.keras", compile=False)

    def p(paths, temperature=1.0):
        films = np.stack([np.asarray(Image.open(path)) for path in paths])[..., None].astype("float32")
        p = network(films, training=False).numpy()[:, 0].astype("float64")
        return 1 / (1 + ((1 - p) / p) ** (1 / temperature))

    return p


@pytest.fixture
def with_card(tiny_model):
    """The tiny model with some of its card changed; its folder stays as it is."""

    def changed(**changes):
        return dataclasses.replace(tiny_model, card=dataclasses.replace(tiny_model.card, **changes))

    return changed


@pytest.fixture(scope="session")
def three_classes_model(write_films, tmp_path_factory):
    """A LeNet-5 of three classes, trained for one epoch, and its films. Not to be written to."""
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    folder = tmp_path_factory.mktemp("three")
    for number, name in enumerate(("VIRUS", "NORMAL", "BACTERIA")):
        write_films(folder / "films" / name, [f"person{number}{film}_1.png" for film in range(8)], seed=number)
    recipe = Recipe(architecture="lenet5", size=SIDE, epochs=1)
    return train(read_dataset(folder / "films"), recipe, folder / "model", runtimes=False), folder / "films"


def _small_application(include_top, weights, input_shape):
    """In the manner and with the arguments of keras.applications."""
    start = keras.Input(input_shape)
    maps = keras.layers.Conv2D(6, 3, strides=4, activation="relu", name="first")(start)
    return keras.Model(start, keras.layers.Conv2D(12, 3, strides=2, activation="relu", name="second")(maps))


@pytest.fixture(scope="session")
def frozen_model(phantom, tmp_path_factory):
    """A saved model whose backbone, two convolutions, is frozen; trained on ``phantom``. Not to be written to."""
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    folder = tmp_path_factory.mktemp("frozen")
    keras.utils.set_random_seed(0)
    _small_application(False, None, (SIDE, SIDE, 3)).save_weights(folder / "backbone.weights.h5")
    settings = {"architecture": "resnet50", "weights": str(folder / "backbone.weights.h5"), "size": SIDE, "epochs": 2}
    recipe = Recipe(**settings, rotation=0.0, zoom=0.0, flip=False, learning_rate=3e-3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.applications, "ResNet50", _small_application)
        patch.setenv("KERAS_CXR_CACHE", str(folder / "cache"))
        return train(read_dataset(phantom), recipe, folder / "model", runtimes=False)


@pytest.fixture(scope="session")
def usual_model(tmp_path_factory):
    """A LeNet-5 trained for one epoch on 72 patients' films, enough to say what is usual. Not to be written to."""
    from keras_cxr.data.phantom.dataset import write_phantom
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    folder = tmp_path_factory.mktemp("usual")
    write_phantom(folder / "films", patients=72, seed=1, size=128)
    recipe = Recipe(architecture="lenet5", size=SIDE, epochs=1)
    return train(read_dataset(folder / "films"), recipe, folder / "model", runtimes=False)

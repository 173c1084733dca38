"""On synthetic films, where the places are known, a trained network's maps find them, and a random network's do not."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers

from keras_cxr.data.films import read_films
from keras_cxr.data.phantom.dataset import write_phantom
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.data.source import read_dataset
from keras_cxr.explain.request import Request
from keras_cxr.explain.score.films import ScoreOptions, score_films
from keras_cxr.explain.score.places import find_places
from keras_cxr.models.saved_model import SavedModel

SIZE, EPOCHS, BATCH = 96, 14, 16


def small_network(steps):
    """Five convolutions and global average pooling: maps of 24 × 24 cells, each of 4 pixels."""
    keras.utils.set_random_seed(0)
    images = keras.Input((SIZE, SIZE, 1))
    x = layers.Rescaling(1 / 64, -2)(images)
    for filters, stride in ((16, 2), (24, 2), (32, 1), (32, 1), (32, 1)):
        x = layers.Conv2D(filters, 3, stride, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    x = layers.Dense(1, name="logits")(layers.GlobalAveragePooling2D()(x))
    network = keras.Model(images, layers.Activation("sigmoid", name="probability")(x))
    rate = keras.optimizers.schedules.CosineDecay(4e-3, steps)
    network.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    return network


@pytest.fixture(scope="module")
def trained(tiny_model, tmp_path_factory):
    """A saved model of three quarters of the patients, and the places of the other films that it calls pneumonia."""
    folder = tmp_path_factory.mktemp("trained")
    write_phantom(folder / "films", patients=400, seed=1, size=128)
    table = read_dataset(folder / "films").table
    films = read_films(table["path"], Preprocessing(size=SIZE))
    pixels = np.stack([film.pixels for film in films])[..., np.newaxis].astype("float32")
    sick = (table["label"] == "PNEUMONIA").to_numpy()
    test = table["patient"].rank(method="dense").to_numpy() % 4 == 0
    # Also upside down: dark lung below an opacity is as good a sign as the opacity, and the map would lie between them.
    both_ways = np.concatenate([pixels[~test], pixels[~test, ::-1]])
    network = small_network(EPOCHS * -(-len(both_ways) // BATCH))
    network.fit(both_ways, np.tile(sick[~test], 2).astype("float32"), BATCH, EPOCHS, verbose=0)
    network.save(folder / "model.keras")
    found = network.predict_on_batch(pixels)[:, 0] >= 0.5
    assert found[test & sick].mean() > 0.7
    assert found[test & ~sick].mean() < 0.3
    card = dataclasses.replace(
        tiny_model.card,
        name="trained",
        classes=["NORMAL", "PNEUMONIA"],
        threshold=0.5,
        temperature=1.0,
        preprocessing=dataclasses.asdict(Preprocessing(size=SIZE)),
    )
    places = find_places(folder / "films", folder / "maps", boxes=folder / "films" / "boxes.csv")
    return SavedModel(folder, card), dataclasses.replace(places, paths=list(table["path"][test & sick & found]))


def test_gradcam_finds_the_opacities_and_random_weights_do_not(trained, tmp_path):
    model, places = trained
    smooth = Request("gradcam", smooth=4)
    table = score_films(model, places, tmp_path / "smooth", [smooth], ScoreOptions(groups=("localisation",))).scores
    assert table.set_index(["method", "measure"]).loc[("gradcam", "pointing game"), "value"] >= 0.9
    # A cell of the map is 5 pixels of these films wide.
    options = ScoreOptions(groups=("localisation", "sanity"), tolerance=5, checked=1000)
    table = score_films(model, places, tmp_path / "maps", [Request("gradcam")], options).scores
    table = table.set_index(["model", "method", "measure"]).sort_index()
    own, random = table.loc[("trained", "gradcam")], table.loc[("trained, random weights", "gradcam")]
    assert len(places.paths) > 30
    assert own.loc["pointing game", "value"] >= 0.9
    assert own.loc["AUPRC", "low"] > 5 * own.loc["AUPRC", "chance"]
    for baseline in ("centred Gaussian", "average marked place"):
        assert own.loc["AUPRC", "low"] > table.loc[("trained", baseline, "AUPRC"), "high"]
    assert own.loc["SSIM, all layers random", "value"] < 0.8
    assert random.loc["pointing game", "value"] < 0.4
    assert random.loc["AUPRC", "value"] < 3 * random.loc["AUPRC", "chance"]
    assert random.loc["share in marked places", "value"] < 2 * random.loc["share in marked places", "chance"]

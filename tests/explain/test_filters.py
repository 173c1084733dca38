"""A network with hand-made filters: the films and places that were drawn for them are found."""

import dataclasses
import json

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers
from PIL import Image
from scipy.signal import correlate2d

from keras_cxr.cli import main
from keras_cxr.data.films import Film, read_film
from keras_cxr.data.geometry import to_film
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import UsageError
from keras_cxr.explain.filter_films import FilterViewer
from keras_cxr.explain.filters import Ranking, cells_on_film, field_on_film
from keras_cxr.explain.grid import Axis, Grid
from keras_cxr.explain.synthesis import variation_gradient
from keras_cxr.models.saved_model import Card, SavedModel

SIZE = 64
SPOT = np.full((5, 5), -1 / 10, "float32")
SPOT[1:4, 1:4] = 1 / 9
EDGE = np.repeat([[-1.0], [-1], [0], [1], [1]], 5, axis=1).astype("float32") / 10


def kernels():
    kernel = np.stack([SPOT, EDGE, np.zeros((5, 5))], axis=-1)[:, :, np.newaxis]
    return [kernel, np.zeros(3)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Filter 0 sees spots, filter 1 where dark lies above bright, filter 2 nothing; they lie in an inner model."""
    gray = keras.Input((SIZE, SIZE, 1))
    seen = layers.Conv2D(3, 5, 2, activation="relu", name="spots")(layers.Rescaling(1 / 255)(gray))
    inner = keras.Model(gray, seen, name="backbone")
    inner.get_layer("spots").set_weights(kernels())
    films = keras.Input((SIZE, SIZE, 1))
    logits = layers.Dense(1, name="logits")(layers.GlobalAveragePooling2D()(inner(films)))
    network = keras.Model(films, layers.Activation("sigmoid", name="probability")(logits))
    folder = tmp_path_factory.mktemp("models") / "spots"
    folder.mkdir()
    network.save(folder / "model.keras")
    preprocessing = dataclasses.asdict(Preprocessing(SIZE))
    card = Card("spots", "", "lenet5", ["NORMAL", "PNEUMONIA"], 0.5, 1.0, preprocessing, {}, {}, [], {})
    (folder / "card.json").write_text(json.dumps(dataclasses.asdict(card)))
    return SavedModel(folder, card)


@pytest.fixture
def films(tmp_path):
    """Wide and tall films, so that the canvas is padded: a spot around (150, 30), an edge below row 119, noise."""
    draw = np.random.default_rng(0)
    folder = tmp_path / "films"
    (folder / "a").mkdir(parents=True)
    pictures = {"a/spot.png": (100, 200), "edge.png": (200, 120), "n1.png": (128, 128), "n2.png": (80, 160)}
    for name, shape in pictures.items():
        pixels = draw.normal(60, 3, shape)
        if name == "a/spot.png":
            pixels[26:34, 146:154] = 250
        if name == "edge.png":
            pixels[120:] = 220
        Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / name)
    (folder / "z.png").write_bytes(b"broken")
    return folder


def test_the_drawn_places_are_found(model, films, tmp_path):
    seen = []
    shown = FilterViewer(model, "spots").films(films, tmp_path / "out", top=3, advance=seen.append)
    assert (shown.films, sum(seen), [name for name, _ in shown.failures]) == (4, 5, ["z.png"])
    assert (shown.filters, shown.silent) == ([0, 1, 2], [2])
    table = pd.read_csv(tmp_path / "out" / "filters.csv")
    assert list(table) == ["filter", "rank", "image", "value", "x", "y", "width", "height"]
    ranks = table.groupby("filter")["rank"].apply(list).to_dict()
    assert (ranks.keys(), ranks[1]) == ({0, 1}, [1, 2, 3])
    spot, edge = (table[(table["filter"] == number) & (table["rank"] == 1)].iloc[0] for number in (0, 1))
    assert (spot["image"], edge["image"]) == ("a/spot.png", "edge.png")
    # Five pixels of the canvas are 15.6 of the film.
    assert 15 <= spot["width"] <= 17 and 15 <= spot["height"] <= 17  # noqa: PT018
    assert spot["x"] <= 146 and spot["x"] + spot["width"] >= 154  # noqa: PT018
    assert spot["y"] <= 26 and spot["y"] + spot["height"] >= 34  # noqa: PT018
    assert edge["y"] < 120 < edge["y"] + edge["height"]
    for row, kernel, name in ((spot, SPOT, "a/spot.png"), (edge, EDGE, "edge.png")):
        canvas = read_film(films / name, Preprocessing(SIZE)).pixels / 255
        wanted = correlate2d(canvas, kernel, "valid")[::2, ::2]
        # The padding's edge is no place of the film.
        assert row["value"] <= wanted.max() + 1e-5
        assert np.abs(wanted - row["value"]).min() < 1e-5
    with Image.open(tmp_path / "out" / "filters.png") as sheet:
        assert sheet.width > 3 * 112
        assert sheet.height > 3 * 112


def test_ranking_of_a_stream_is_the_sorting_of_all():
    draw = np.random.default_rng(0)
    maps, inside = draw.normal(size=(23, 5, 4, 6)).astype("float32"), draw.random((23, 5, 4)) < 0.7
    ranking = Ranking(6, 4)
    for start in range(0, 23, 5):
        part = slice(start, start + 5)
        ranking.add(maps[part], np.arange(23)[part], inside[part])
    counted = np.where(inside[..., None], maps, -np.inf)
    strongest = counted.max(axis=(1, 2))
    np.testing.assert_array_equal(ranking.films, np.argsort(-strongest, axis=0)[:4].T)
    np.testing.assert_array_equal(ranking.values, -np.sort(-strongest, axis=0)[:4].T)
    for number in range(6):
        for film, cell, value in zip(ranking.films[number], ranking.cells[number], ranking.values[number], strict=True):
            assert counted[film, cell[0], cell[1], number] == value
    assert ranking.most_varied(2) == sorted(np.argsort(-strongest.astype("float64").var(axis=0))[:2])
    few = Ranking(6, 4)
    few.add(maps[:2], np.arange(2), inside[:2])
    assert (few.films[:, 2:] == -1).all()


@pytest.mark.parametrize("fit", ["pad", "squeeze"])
@pytest.mark.parametrize("size", [(400, 200), (150, 320), (64, 64)])
@pytest.mark.parametrize("region", [(0, 0, 1, 1), (0.25, 0.1, 0.75, 0.9)])
def test_fields_lie_on_the_film_as_maps_do(fit, size, region):
    preprocessing, film = Preprocessing(SIZE, fit), Film("", None, *size, region=region)
    grid = Grid(Axis(3.5, 8, 5.5), Axis(0, 4, 7))
    inside = cells_on_film(film, grid, (8, 16), preprocessing)
    for row, column in ((0, 0), (3, 7), (4, 9), (7, 15)):
        canvas = np.zeros((SIZE, SIZE), "float32")
        canvas[slice(*grid.rows.seen(row, SIZE)), slice(*grid.columns.seen(column, SIZE))] = 1
        seen = to_film(canvas, *size, preprocessing, region) > 0.5
        found = field_on_film(film, grid, row, column, preprocessing)
        if inside[row, column]:
            rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
            wanted = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
            ends = [found.x, found.y, found.x + found.width, found.y + found.height]
            np.testing.assert_allclose(ends, wanted, atol=1.5)
    assert inside[3:5, 7:9].any()


def test_synthesised_inputs_excite_more_than_noise(model, tmp_path):
    viewer = FilterViewer(model)
    for folder in ("one", "two"):
        files = viewer.synthesised(tmp_path / folder, [1, 0], steps=12, seed=3)
    assert [file.name for file in files] == ["synthesised.csv", "synthesised.png"]
    assert (tmp_path / "one" / "synthesised.png").read_bytes() == files[1].read_bytes()
    table = pd.read_csv(files[0])
    assert table["filter"].tolist() == [1, 0]
    assert (table["value"] > 2 * table["noise"]).all()


def test_the_gradient_of_total_variation():
    image = np.random.default_rng(0).normal(0, 3, (1, 5, 6, 1))

    def variation(image):
        return sum(np.sqrt(np.diff(image, axis=axis) ** 2 + 1).sum() for axis in (1, 2))

    found = variation_gradient(image)
    for row, column in ((0, 0), (2, 3), (4, 5), (0, 4)):
        step = np.zeros_like(image)
        step[0, row, column] = 1e-5
        slope = (variation(image + step) - variation(image - step)) / 2e-5
        np.testing.assert_allclose(found[0, row, column, 0], slope, atol=1e-6)


def test_the_command(model, films, tmp_path, capfd):
    options = ["-m", str(model.folder), "-o", str(tmp_path / "out"), "--top", "2", "--filters", "1,0-1"]
    assert main(["filters", str(films), *options, "--synthesise", "--steps", "2"]) == 0
    said = capfd.readouterr()
    assert "4 films, 1 failed. 2 filters of layer spots, 0 of them silent." in said.out
    assert "failed: z.png" in said.err
    assert pd.read_csv(tmp_path / "out" / "filters.csv")["filter"].unique().tolist() == [1, 0]
    assert (tmp_path / "out" / "synthesised.png").is_file()
    assert main(["filters", str(films), *options[:4], "--filters", "3"]) == 2
    assert "numbered from 0 to 2. Received: --filters 3" in capfd.readouterr().err
    assert main(["filters", str(films), *options[:4], "--layer", "spot"]) == 2
    assert "Did you mean 'spots'?" in capfd.readouterr().err


def test_ensembles_are_refused(model):
    ensemble = dataclasses.replace(model, card=dataclasses.replace(model.card, training={"members": ["a", "b"]}))
    with pytest.raises(UsageError, match=r"an ensemble of 2 networks\. Look into one of them: -m "):
        FilterViewer(ensemble)


@pytest.mark.parametrize("filters", ["5-3", "a", "", "1,,2", "-1"])
def test_numbers_that_are_none(filters, capfd):
    assert main(["filters", "x", f"--filters={filters}"]) == 2
    assert f"such as 0-31 or 3,5,8-11. Received: {filters}" in capfd.readouterr().err


def test_numbers_are_checked_without_tensorflow(without_tensorflow):
    assert without_tensorflow("filters", "x", "--filters=a").returncode == 2

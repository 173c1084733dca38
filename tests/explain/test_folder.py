"""Overlay pictures of a folder of films: which there are, what they show and what is told of the rest."""

import os
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.explain.folder import explain_films
from keras_cxr.explain.pictures import Pictures
from keras_cxr.explain.request import Request

SIZES = {"wide.png": (150, 70), "tall.png": (64, 200), "square.png": (96, 96)}


def write(path, size=(64, 64), seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.normal(rng.uniform(60, 180), 40, size[::-1]).clip(0, 255).astype("uint8")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as stream:
        Image.fromarray(pixels).save(stream, format="JPEG" if path.suffix == ".jpg" else "PNG")


@pytest.fixture
def films(tmp_path):
    """Three films of different sizes."""
    for seed, (name, size) in enumerate(SIZES.items()):
        write(tmp_path / "films" / name, size, seed)
    return tmp_path / "films"


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_film_beside_film_at_its_own_size(tiny_model, films, tmp_path):
    told = []
    result = explain_films(tiny_model, films, tmp_path / "maps", advance=told.append)
    assert files(tmp_path / "maps") == sorted([*SIZES, "index.html"])
    assert sorted(path.name for path in result.pictures) == sorted(SIZES)
    assert (result.layer, result.failures, sum(told)) == ("c5", [], 3)
    assert result.empty < 3
    covered = 0
    for name, (width, height) in SIZES.items():
        film = np.asarray(Image.open(films / name).convert("RGB"))
        picture = np.asarray(Image.open(tmp_path / "maps" / name).convert("RGB"))
        assert picture.shape[0] > height
        assert 2 * width < picture.shape[1] < 2 * width + 10
        assert np.array_equal(picture[:height, :width], film)
        right = picture[:height, -width:].astype(int)
        covered += not np.array_equal(right, film)
        # A cover of at most 60 % leaves the film readable.
        assert np.corrcoef(right.sum(axis=2).ravel(), film.sum(axis=2, dtype=int).ravel())[0, 1] > 0.5
    assert covered == 3 - result.empty


def test_the_map_is_where_the_evidence_is(tiny_model, tmp_path):
    """A network whose logit is the mean brightness of the upper left quarter is shown that quarter."""
    import dataclasses

    gray = keras.Input((64, 64, 1), name="gray")
    start = keras.layers.AveragePooling2D(4)(gray)
    x = keras.layers.Conv2D(1, 1, use_bias=False, name="map")(start)
    quarter = keras.layers.Cropping2D(((0, 8), (0, 8)))(x)
    x = keras.layers.GlobalAveragePooling2D()(quarter)
    x = keras.layers.Dense(1, name="logits", use_bias=False)(x)
    network = keras.Model(gray, keras.layers.Activation("sigmoid", name="probability")(x))
    network.set_weights([np.full((1, 1, 1, 1), 0.01, "float32"), np.ones((1, 1), "float32")])
    network.save(tmp_path / "model.keras")
    model = dataclasses.replace(tiny_model, folder=tmp_path)
    bright = np.zeros((128, 128), "uint8")
    bright[:64, :64] = 200
    (tmp_path / "films").mkdir()
    Image.fromarray(bright).save(tmp_path / "films" / "1.png")
    explain_films(model, tmp_path / "films", tmp_path / "maps", Request(class_name="PNEUMONIA", layers=("map",)))
    picture = np.asarray(Image.open(tmp_path / "maps" / "1.png").convert("RGB")).astype(int)
    coloured = np.ptp(picture[:128, -128:], axis=2) > 30
    assert coloured[:56, :56].all()
    assert not coloured[72:].any()
    assert not coloured[:, 72:].any()


def test_names_and_folders(tiny_model, tmp_path):
    names = ["1.jpg", "1.png", "1.PNG", "2.png", "a/1.jpg", "a/1.png", "a/b c/ä,ü.png", "a/new\nline.png"]
    for seed, name in enumerate(names):
        write(tmp_path / "films" / name, seed=seed)
    result = explain_films(tiny_model, tmp_path / "films", tmp_path / "maps")
    assert len(set(result.pictures)) == len(names)
    assert all(path.is_file() for path in result.pictures)
    found = files(tmp_path / "maps")
    assert len(found) == len(names) + 1
    assert {"1.jpg", "1.png.png", "2.png", "a/1.jpg", "a/b c/ä,ü.png"} < set(found)


@pytest.mark.parametrize("full_size", [False, True])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_large_films_are_pictured_smaller_but_where_asked(tiny_model, tmp_path, suffix, full_size):
    (tmp_path / "films").mkdir()
    spots = Image.fromarray(np.random.default_rng(0).integers(0, 256, (11, 13), np.uint8))
    film = spots.resize((1300, 1100), Image.Resampling.BICUBIC)
    film.save(tmp_path / "films" / f"large{suffix}")
    explain_films(tiny_model, tmp_path / "films", tmp_path / "maps", pictures=Pictures(full_size=full_size))
    width, height = film.size if full_size else (605, 512)
    picture = np.asarray(Image.open(tmp_path / "maps" / f"large{suffix}"))[:height, :width, 0].astype(float)
    wanted = np.asarray(film.resize((width, height), Image.Resampling.BOX), float)
    assert np.corrcoef(picture.ravel(), wanted.ravel())[0, 1] > 0.999


def test_name_that_is_no_unicode(tiny_model, tmp_path):
    write(tmp_path / "films" / os.fsdecode(b"latin1-\xe9.png"))
    write(tmp_path / "films" / "1.png")
    assert len(explain_films(tiny_model, tmp_path / "films", tmp_path / "maps").pictures) == 2
    assert (tmp_path / "maps" / "index.html").is_file()


def test_broken_films_are_counted_and_listed(tiny_model, films, tmp_path):
    (films / "empty <b>.png").write_bytes(b"")
    (films / "sub").mkdir()
    (films / "sub" / "text.jpg").write_bytes(b"no film")
    (films / "notes.txt").write_text("no film")
    result = explain_films(tiny_model, films, tmp_path / "maps")
    assert [name for name, _ in result.failures] == ["empty <b>.png", "sub/text.jpg"]
    page = result.index.read_text(encoding="utf-8")
    assert "5 films" in page
    assert "empty &lt;b&gt;.png" in page
    assert "sub/text.jpg" in page
    assert "0 bytes" in page
    assert page.count("<img") == 3


def test_nothing_readable(tiny_model, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "1.png").write_bytes(b"")
    with pytest.raises(CxrError, match=r"None of the 1 films can be read\. First: 1\.png: "):
        explain_films(tiny_model, tmp_path / "films", tmp_path / "maps")
    with pytest.raises(CxrError, match="does not exist"):
        explain_films(tiny_model, tmp_path / "nowhere", tmp_path / "maps")


@pytest.mark.parametrize("name", ["NORMAL", "pneumonia"])
def test_class(tiny_model, films, tmp_path, name):
    result = explain_films(tiny_model, films, tmp_path / "maps", Request(class_name=name))
    page = result.index.read_text(encoding="utf-8")
    shown = page.count(f"map for {name.upper()}") + page.count(f"no positive evidence for {name.upper()}")
    assert shown == 3


def test_own_label_is_explained_by_default(tiny_model, films, tmp_path):
    page = explain_films(tiny_model, films, tmp_path / "maps").index.read_text(encoding="utf-8")
    for label in tiny_model.card.classes:
        decided = page.count(f"<b>{label} ")
        assert page.count(f"map for {label}") + page.count(f"no positive evidence for {label}") == decided


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"class_name": "PNEUMONIE"}, "Unknown class 'PNEUMONIE'. Did you mean 'PNEUMONIA'?"),
        ({"layers": ("c6",)}, "Unknown layer 'c6'. Did you mean"),
        ({"layers": ("f6",)}, "must give a spatial map"),
    ],
)
def test_unknown_names(tiny_model, films, tmp_path, options, told):
    with pytest.raises(UsageError) as fault:
        explain_films(tiny_model, films, tmp_path / "maps", Request(**options))
    assert told in str(fault.value)
    assert not (tmp_path / "maps").exists()


def test_layer(tiny_model, films, tmp_path):
    result = explain_films(tiny_model, films, tmp_path / "maps", Request(layers=("c3",)))
    assert result.layer == "c3"
    assert "layer c3" in result.index.read_text(encoding="utf-8")


def test_single_film(tiny_model, films, tmp_path):
    result = explain_films(tiny_model, films / "wide.png", tmp_path / "maps")
    assert files(tmp_path / "maps") == ["wide.png"]
    assert result.index is None


@pytest.mark.parametrize("images", ["films", "films/wide.png"])
@pytest.mark.parametrize("output", ["films", "films/../films"])
def test_films_are_not_written_over(tiny_model, films, tmp_path, images, output):
    before = {name: (films / name).read_bytes() for name in SIZES}
    with pytest.raises(UsageError, match="another folder than that of the films"):
        explain_films(tiny_model, tmp_path / images, tmp_path / output)
    assert {name: (films / name).read_bytes() for name in SIZES} == before


def test_pictures_are_no_films_the_next_time(tiny_model, films, tmp_path):
    for _ in range(2):
        assert len(explain_films(tiny_model, films, films / "maps").pictures) == 3
    for name in SIZES:
        (films / name).unlink()
    with pytest.raises(CxrError, match="left out as the output folder"):
        explain_films(tiny_model, films, films / "maps")


def test_output_may_be_above_the_films(tiny_model, films, tmp_path):
    assert len(explain_films(tiny_model, films, tmp_path).pictures) == 3
    assert set(SIZES) < set(files(tmp_path))


def test_more_films_than_a_batch(tiny_model, films, tmp_path):
    for number in range(20):
        shutil.copy(films / "square.png", films / f"{number}.png")
    result = explain_films(tiny_model, films, tmp_path / "maps")
    assert len(result.pictures) == 23
    pictures = [np.asarray(Image.open(tmp_path / "maps" / f"{number}.png"))[:96] for number in range(20)]
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)

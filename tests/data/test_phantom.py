import hashlib
import re

import cv2
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import ndimage
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from keras_cxr.cli.phantom import phantom
from keras_cxr.data.phantom.anatomy import draw_anatomy
from keras_cxr.data.phantom.dataset import write_phantom
from keras_cxr.data.phantom.film import draw_film
from keras_cxr.errors import CxrError, UsageError

SMALL = 128


def film(hospital, sick, number=0, size=256):
    anatomy = draw_anatomy(np.random.default_rng((9, number)))
    return draw_film(np.random.default_rng((9, number, 1)), anatomy, hospital, sick, size)


def digests(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom") / "a"
    write_phantom(folder, patients=40, seed=3, size=SMALL)
    return folder


@pytest.fixture(scope="module")
def films(folder):
    return pd.read_csv(folder / "labels.csv")


def test_same_seed_same_bytes_another_seed_other_films(tmp_path):
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        write_phantom(tmp_path / name, patients=6, seed=seed, hospital="b", size=SMALL)
    one, two, other = (digests(tmp_path / name) for name in ("one", "two", "other"))
    assert one == two
    pictures = {digest for path, digest in one.items() if path.endswith(".png")}
    assert not pictures & set(other.values())


def test_fewer_patients_give_the_first_of_the_same_pictures(folder, tmp_path):
    write_phantom(tmp_path, patients=10, seed=3, size=SMALL)
    few = {path: digest for path, digest in digests(tmp_path).items() if path.endswith(".png")}
    assert few.items() <= digests(folder).items()
    assert pd.read_csv(tmp_path / "labels.csv")["patient"].nunique() == 10


def test_files_are_the_rows_of_the_tables(folder, films):
    unknown = pd.read_csv(folder / "unknown_truth.csv")
    boxes = pd.read_csv(folder / "boxes.csv")
    assert list(films) == ["image", "label", "patient", "age", "sex", "view"]
    assert list(unknown) == ["image", "label", "patient"]
    assert list(boxes) == ["image", "label", "x", "y", "width", "height"]
    every = pd.concat([films, unknown])
    for place, table in (("known_images", films), ("unknown_images", unknown)):
        on_disk = {path.relative_to(folder).as_posix() for path in (folder / place).rglob("*.png")}
        assert on_disk == set(table["image"])
    names = every["image"].str.rsplit("/", n=1).str[-1]
    assert sorted(names) == sorted(path.name for path in (folder / "masks").iterdir())
    assert names.map(lambda name: re.fullmatch(r"phantom-(a\d{5})_0[1-4]\.png", name)[1]).equals(every["patient"])
    assert (films["image"].str.split("/").str[1] == films["label"]).all()
    sick = every[every["label"] == "PNEUMONIA"]
    assert set(boxes["image"]) == set(sick["image"])
    assert boxes.groupby("image").size().between(1, 3).all()


def test_patients_are_plausible(folder, films):
    unknown = pd.read_csv(folder / "unknown_truth.csv")
    assert not set(films["patient"]) & set(unknown["patient"])
    assert unknown["patient"].nunique() == 4
    patients = films.groupby("patient")
    assert (patients[["label", "age", "sex"]].nunique() == 1).all(axis=None)
    assert patients.size().between(1, 4).all()
    assert patients["label"].first().value_counts().to_dict() == {"NORMAL": 20, "PNEUMONIA": 20}
    assert films["age"].between(18, 95).all()
    assert set(films["sex"]) == {"F", "M"}
    assert set(films["view"]) == {"PA", "AP"}
    text = (folder / "README.txt").read_text()
    assert "Synthetic" in text
    assert "diagnosis" in text


@pytest.mark.parametrize(("hospital", "shape"), [("a", (256, 256)), ("b", (256, 240))])
@pytest.mark.parametrize("number", range(6))
def test_only_the_opacity_tells_the_classes_apart(hospital, shape, number):
    well, sick = film(hospital, False, number), film(hospital, True, number)
    assert well.pixels.shape == sick.pixels.shape == well.lungs.shape == shape
    assert well.pixels.dtype == well.lungs.dtype == np.uint8
    assert (well.lungs == sick.lungs).all()
    assert (well.boxes, well.view) == ([], sick.view)
    difference = sick.pixels.astype(int) - well.pixels
    near_a_lung = ndimage.binary_dilation(sick.lungs > 0, iterations=6)
    assert not difference[~near_a_lung].any()
    for x, y, width, height in sick.boxes:
        assert sick.lungs[y + height // 2, x + width // 2] == 255
        assert difference[y : y + height, x : x + width].mean() > 4
    # What an opacity adds lies in its box, but for the faint rim.
    boxed = np.zeros(shape, bool)
    for x, y, width, height in sick.boxes:
        boxed[y : y + height, x : x + width] = True
    assert difference[boxed].sum() > 0.8 * difference.sum()


def test_corners_and_borders_do_not_know_the_class(folder, films):
    pixels = np.stack([cv2.imread(str(folder / image), cv2.IMREAD_GRAYSCALE) for image in films["image"]])
    edge = np.ones((SMALL, SMALL), bool)
    edge[8:-8, 8:-8] = False
    features = np.stack([[p[edge].mean(), p[edge].std(), p[:16, :16].mean(), p[-16:, :64].mean()] for p in pixels])
    truth = films["label"] == "PNEUMONIA"
    model = LogisticRegression(max_iter=2000)
    cut = features / features.std(axis=0)
    guess = cross_val_predict(model, cut, truth, groups=films["patient"], cv=GroupKFold(5), method="predict_proba")
    assert roc_auc_score(truth, guess[:, 1]) < 0.7
    # The corner with the word is the same film by film, whatever lies around it.
    word = pixels[:, -12:, 2:50] > 150
    assert (word == word[0]).mean() > 0.97


@pytest.mark.parametrize("hospital", ["a", "b"])
@pytest.mark.parametrize("number", range(4))
def test_the_mask_shows_two_dark_lungs(hospital, number):
    drawn = film(hospital, False, number)
    lungs = drawn.lungs > 0
    assert set(np.unique(drawn.lungs)) == {0, 255}
    assert 0.15 < lungs.mean() < 0.45
    labels, count = ndimage.label(lungs)
    areas = np.sort(ndimage.sum(lungs, labels, range(1, count + 1)))[::-1]
    assert areas[:2].sum() > 0.98 * lungs.sum()
    assert areas[1] > 0.5 * areas[0]
    middle = np.zeros_like(lungs)
    middle[64:160, 112:128] = True
    assert drawn.pixels[lungs].mean() + 30 < drawn.pixels[middle & ~lungs].mean()


def test_hospital_b_looks_different():
    a, b = (np.stack([film(name, False, number).pixels.std() for number in range(8)]) for name in "ab")
    assert b.mean() > a.mean() + 10


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"patients": 3}, UsageError, "'patients' argument must lie between 4 and 50000. Received: 3."),
        ({"size": 64}, UsageError, "'size'"),
        ({"seed": -1}, UsageError, "'seed'"),
        ({"hospital": "B"}, UsageError, "Did you mean 'b'?"),
    ],
)
def test_arguments_out_of_range(tmp_path, arguments, error, words):
    with pytest.raises(error, match=re.escape(words)):
        write_phantom(tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


def test_a_phantom_is_replaced_and_nothing_else_is(tmp_path):
    for patients in (6, 4):
        table = write_phantom(tmp_path / "films", patients, size=SMALL)
    on_disk = {path.relative_to(tmp_path / "films").as_posix() for path in tmp_path.glob("films/known_images/*/*")}
    assert on_disk == set(table["image"])
    other = tmp_path / "other"
    other.mkdir()
    (other / "README.txt").write_text("mine")
    with pytest.raises(CxrError, match="holds no phantom"):
        write_phantom(other, 4, size=SMALL)
    with pytest.raises(CxrError, match="is a file"):
        write_phantom(other / "README.txt", 4, size=SMALL)
    assert [path.name for path in other.iterdir()] == ["README.txt"]


def test_progress_counts_every_film(tmp_path):
    calls = []
    table = write_phantom(tmp_path, 4, size=SMALL, progress=lambda *call: calls.append(call))
    total = len(table) + len(pd.read_csv(tmp_path / "unknown_truth.csv"))
    assert calls == [(done, total) for done in range(1, total + 1)]


def test_command(tmp_path):
    result = CliRunner().invoke(phantom, [str(tmp_path / "films"), "--patients", "4", "--size", "128"])
    assert result.exit_code == 0
    table = pd.read_csv(tmp_path / "films" / "labels.csv")
    for label, count in table["label"].value_counts().items():
        assert f"{count} {label}" in result.output
    assert f"keras-cxr train {tmp_path / 'films' / 'known_images'} -a lmap3" in result.output


@pytest.mark.parametrize("options", [["--patients", "3"], ["--size", "64"], ["--hospital", "c"], ["--seed", "-1"]])
def test_command_refuses(tmp_path, options):
    result = CliRunner().invoke(phantom, [str(tmp_path / "films"), *options])
    assert result.exit_code == 2
    assert not (tmp_path / "films").exists()

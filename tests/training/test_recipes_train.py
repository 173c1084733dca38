"""Every published experiment trains, tiny, on synthetic films in the layout that it names."""

import pathlib

import cv2
import keras
import pandas as pd
import pytest
from click.testing import CliRunner
from trainings import small_application

from keras_cxr.cli.train import train
from keras_cxr.models.registry import find
from keras_cxr.models.saved_model import open_model
from keras_cxr.training.published import find_recipe, published
from keras_cxr.training.recipe_file import read_recipe


@pytest.fixture(scope="module")
def films(phantom):
    """Of the synthetic films: (pixels, lung mask, label, patient)."""
    table = pd.read_csv(phantom / "labels.csv", dtype={"patient": str})
    pixels = [cv2.imread(str(phantom / image), cv2.IMREAD_GRAYSCALE) for image in table["image"]]
    masks = [
        cv2.imread(str(phantom / "masks" / pathlib.Path(image).name), cv2.IMREAD_GRAYSCALE) for image in table["image"]
    ]
    return list(zip(pixels, masks, table["label"], table["patient"], strict=True))


def write(file, pixels):
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), pixels)


def class_folders(folder, films, dicom_film):
    for number, (pixels, _, label, patient) in enumerate(films):
        name = "NORMAL" if label == "NORMAL" else "INFECTED"
        write(folder / "known_images" / name / f"p{patient}_{number}.png", pixels)
    return folder / "known_images"


def covid_radiography(folder, films, dicom_film):
    names = {"NORMAL": ("Normal", "Viral Pneumonia"), "PNEUMONIA": ("COVID", "Lung_Opacity")}
    for number, (pixels, mask, label, _) in enumerate(films):
        name = names[label][number % 2]
        for kind, picture in (("images", pixels), ("masks", mask)):
            write(folder / name / kind / f"{name}-{number + 1}.png", picture)
    return folder


def kermany(folder, films, dicom_film):
    seen = {}
    for number, (pixels, _, label, patient) in enumerate(films):
        # Of each class, in turn: the patient's number among them.
        place = seen.setdefault(label, {}).setdefault(patient, len(seen.get(label, {})))
        split, kind = ("train", "train", "test")[place % 3], ("bacteria", "virus")[place // 3 % 2]
        name = f"IM-{place:04d}-{number:04d}" if label == "NORMAL" else f"person{place}_{kind}_{number}"
        write(folder / split / label / f"{name}.jpeg", pixels)
    return folder


def rsna(folder, films, dicom_film):
    rows = []
    for number, (pixels, _, label, _) in enumerate(films):
        (folder / "stage_2_train_images").mkdir(parents=True, exist_ok=True)
        (folder / "stage_2_train_images" / f"film{number}.dcm").write_bytes(dicom_film(pixels))
        box = (10, 10, 30, 30, 1) if label == "PNEUMONIA" else ("", "", "", "", 0)
        rows.append((f"film{number}", *box))
    columns = ["patientId", "x", "y", "width", "height", "Target"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / "stage_2_train_labels.csv", index=False)
    return folder


WRITERS = {
    "class-folders": class_folders,
    "covid-radiography": covid_radiography,
    "kermany": kermany,
    "kermany3": kermany,
    "rsna": rsna,
}


@pytest.mark.parametrize("name", list(published()))
def test_trains_in_its_layout(name, films, dicom_film, tmp_path, monkeypatch):
    monkeypatch.setattr(keras.applications, "ResNet50", small_application)
    recipe = find_recipe(name)
    data = WRITERS[recipe.layout](tmp_path / "data", films, dicom_film)
    size = find(recipe.architecture).smallest
    changed = ["--epochs", "1", "--size", str(size), "--weights", "none", "--split-by", "image", "--split", "50/30/20"]
    done = CliRunner().invoke(
        train,
        [str(data), "--recipe", name, *changed, "--no-runtimes", "--name", "m", "--output", str(tmp_path)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0, done.output
    model = open_model(tmp_path / "m")
    written = read_recipe(model.folder / "recipe.yaml")
    assert (written.layout, written.architecture, written.sampling) == (
        recipe.layout,
        recipe.architecture,
        recipe.sampling,
    )
    assert (written.epochs, written.size) == (1, size)
    assert len(model.card.classes) == {"covid-radiography": 4, "kermany3": 3}.get(recipe.layout, 2)

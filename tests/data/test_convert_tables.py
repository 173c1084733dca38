"""The tables of a training copy tell what those of the films told."""

import pathlib

import cv2
import numpy as np
import pandas as pd
import pytest
from converting import class_folders, copies, save, smooth
from PIL import Image

from keras_cxr.data.convert import convert
from keras_cxr.data.layouts.options import LabelOptions
from keras_cxr.data.source import read_dataset
from keras_cxr.data.table import relative_name
from keras_cxr.errors import CxrError


def test_the_tables_read_back(phantom, tmp_path):
    films = read_dataset(phantom)
    convert(films, tmp_path / "copy", 64)
    before, after = films.table, read_dataset(tmp_path / "copy").table
    for column in ("label", "patient", "split", "view", "sex", "age"):
        assert list(before[column]) == list(after[column]), column
    for path, copy in zip(before["path"], after["path"], strict=True):
        assert relative_name(copy, tmp_path / "copy") == relative_name(path, phantom)
    sizes = [Image.open(path).size for path in before["path"]]
    shares = [Image.open(copy).size[0] / size[0] for copy, size in zip(after["path"], sizes, strict=True)]
    assert after["boxes"].map(len).sum() == before["boxes"].map(len).sum() > 0
    for own, scaled, share in zip(before["boxes"], after["boxes"], shares, strict=True):
        assert np.allclose(np.array(scaled), np.array(own) * share, atol=0.6 * share)
    for own, scaled, copy in zip(before["mask"], after["mask"], after["path"], strict=True):
        shrunk = np.asarray(Image.open(scaled))
        assert shrunk.shape[::-1] == Image.open(copy).size
        assert np.array_equal(shrunk, cv2.resize(np.asarray(Image.open(own)), shrunk.shape[::-1], interpolation=0))


def test_splits_and_odd_labels_read_back(tmp_path):
    labels = {"train/a.png": 'so, "quoted"', "valid/b.png": "Lungenentzündung", "test/c d.png": "a;b|c"}
    films = tmp_path / "films"
    rows = []
    for name, label in labels.items():
        save(films / name, smooth(40, 40))
        rows.append((name, label, f"p {name}", name.split("/")[0]))
    pd.DataFrame(rows, columns=["file", "class", "subject", "subset"]).to_csv(films / "labels.csv", index=False)
    convert(read_dataset(films), tmp_path / "copy", 32)
    table = read_dataset(tmp_path / "copy").table
    assert list(table["label"]) == list(labels.values())
    assert list(table["patient"]) == [f"p {name}" for name in labels]
    assert list(table["split"]) == ["train", "val", "test"]


def test_spacing_grows_with_the_pixels(dicom_film, tmp_path):
    films = tmp_path / "films" / "a"
    films.mkdir(parents=True)
    pixels = smooth(128, 96)
    (films / "1.dcm").write_bytes(dicom_film(pixels, PixelSpacing=[0.2, 0.25]))
    (films / "2.dcm").write_bytes(dicom_film(pixels[:30, :30], PixelSpacing=[0.2, 0.25]))
    (films / "3.dcm").write_bytes(dicom_film(pixels))
    convert(read_dataset(films.parent), tmp_path / "copy", 64)
    table = pd.read_csv(tmp_path / "copy" / "labels.csv", dtype=str, keep_default_na=False).set_index("image")
    assert dict(table["spacing"]) == {"a/1.png": "0.4|0.5", "a/2.png": "0.2|0.25", "a/3.png": ""}


def test_dicom_facts_read_back(dicom_film, tmp_path):
    folder = tmp_path / "films" / "sick"
    folder.mkdir(parents=True)
    facts = {"PatientAge": "006M", "PatientSex": "F", "ViewPosition": "LL", "Modality": "DX", "StudyInstanceUID": "1.2"}
    (folder / "IM1").write_bytes(dicom_film(smooth(40, 40), PatientID="7", **facts))
    (folder / "1.2.840.7").write_bytes(dicom_film(smooth(40, 40), PatientID="8", ViewPosition="PA"))
    (folder / "1.2.840.8").write_bytes(dicom_film(smooth(40, 40), PatientID="7", ViewPosition="RAO"))
    films = read_dataset(folder.parent)
    convert(films, tmp_path / "copy", 32)
    after = read_dataset(tmp_path / "copy")
    assert len(copies(tmp_path / "copy")) == 3
    assert list(after.table["patient"]) == list(films.table["patient"])
    assert after.table["patient"].nunique() == 2
    row = after.table.set_index("path").loc[str(tmp_path / "copy" / "sick" / "IM1.png")]
    assert (row["age"], row["sex"], row["view"]) == (0.5, "F", "lateral")
    frontal = read_dataset(tmp_path / "copy", LabelOptions(frontal_only=True)).table
    assert len(frontal) == len(read_dataset(folder.parent, LabelOptions(frontal_only=True)).table) == 1


def test_a_folder_without_labels(tmp_path):
    films = class_folders(tmp_path, [("hospital/x.png", 60, 40), ("hospital/y.png", 40, 60)]) / "hospital"
    done = convert(read_dataset(films, labelled=False), tmp_path / "copy", 32)
    assert done.written == 2
    table = pd.read_csv(tmp_path / "copy" / "labels.csv")
    assert list(table["image"]) == ["x.png", "y.png"]
    assert "label" not in table
    with pytest.raises(CxrError, match="No label column"):
        read_dataset(tmp_path / "copy")


def test_a_broken_mask_costs_itself_alone(phantom, tmp_path):
    films = tmp_path / "films"
    names = [f"known_images/NORMAL/{path.name}" for path in sorted((phantom / "known_images/NORMAL").iterdir())[:2]]
    for name in names:
        save(films / name, np.asarray(Image.open(phantom / name)))
        save(films / "masks" / pathlib.Path(name).name, smooth(60, 60))
    pd.DataFrame({"image": names, "label": "NORMAL"}).to_csv(films / "labels.csv", index=False)
    (films / "masks" / pathlib.Path(names[0]).name).write_text("no picture")
    done = convert(read_dataset(films), tmp_path / "copy", 32)
    assert (done.written, len(done.failures)) == (2, 1)
    errors = pd.read_csv(tmp_path / "copy" / "errors.csv")
    assert list(errors["image"]) == [f"masks/{pathlib.Path(names[0]).name}"]
    assert "lung mask cannot be read" in errors["error"][0]
    assert [bool(mask) for mask in read_dataset(tmp_path / "copy").table["mask"]] == [False, True]

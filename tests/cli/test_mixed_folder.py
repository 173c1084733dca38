"""Films of every format in one folder, as a hospital hands them over: one command, one row a file."""

import io
import pathlib
import sys

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

pytest.importorskip("pydicom")

from pydicom import uid

from keras_cxr.cli import main
from keras_cxr.data.layouts.rsna import DETAILS, LABELS
from keras_cxr.data.source import read_dataset

# The package mutes pydicom's warnings; pytest lets them through again.
pytestmark = pytest.mark.filterwarnings("ignore")

INSTALL = "is a DICOM film; to read these: pip install keras-cxr[dicom]"


def jpeg(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=97)
    return file.getvalue()


def run_lengths(pixels):
    """A frame of one segment, in literal runs alone (PS3.5 annex G)."""
    content = pixels.tobytes()
    runs = b"".join(
        bytes([len(run) - 1]) + run for at in range(0, len(content), 128) if (run := content[at : at + 128])
    )
    return b"\1\0\0\0\x40\0\0\0".ljust(64, b"\0") + runs + b"\0" * (len(runs) % 2)


def codec(name, **options):
    return lambda pixels: getattr(pytest.importorskip("imagecodecs"), name)(pixels, **options)


# File → its transfer syntax, how its frame is compressed, and whether pixels come back as they were.
DICOM = {
    "explicit.dcm": (uid.ExplicitVRLittleEndian, None, True),
    "implicit.DCM": (uid.ImplicitVRLittleEndian, None, True),
    "deflated.dicom": (uid.DeflatedExplicitVRLittleEndian, None, True),
    "IM0001": (uid.ExplicitVRLittleEndian, None, True),
    "1.2.840.113619.7": (uid.ImplicitVRLittleEndian, None, True),
    "series 2/IM1": (uid.RLELossless, run_lengths, True),
    "series 2/IM2": (uid.JPEGLosslessSV1, codec("jpeg8_encode", lossless=True, predictor=1), True),
    "series 2/IM3": (uid.JPEG2000Lossless, codec("jpeg2k_encode", codecformat="j2k", reversible=True, level=0), True),
    "series 2/IM4": (uid.JPEGLSLossless, codec("jpegls_encode"), True),
    "series 2/IM10": (uid.JPEGBaseline8Bit, jpeg, False),
    "named.png": (uid.ExplicitVRLittleEndian, None, True),  # known by its content
}
PICTURES = {"a.png": True, "a.bmp": True, "a.tif": True, "a.TIFF": True, "a.jpg": False, "a.jpeg": False}
BROKEN = {
    "b-empty.dcm": (lambda whole: b"", "0 bytes"),
    "b-text.dcm": (lambda whole: b"no film at all", "is not a JPEG, PNG, BMP or TIFF picture nor a DICOM file"),
    "b-text.png": (lambda whole: b"no film at all", "is not a JPEG, PNG, BMP or TIFF picture nor a DICOM file"),
    "b-cut.dcm": (lambda whole: whole[:-2000], "cut-short DICOM"),
    "b-head.dcm": (lambda whole: whole[:300], "DICOM"),
    "b-noise.dcm": (lambda whole: whole[:132] + b"\xff\xee" * 200, "DICOM"),
}
NO_FILMS = ("notes.txt", "README", "DICOMDIR", ".hidden.dcm", "table.csv", "1.2.txt", "masks/IM1")


@pytest.fixture(scope="module")
def folder(phantom_films, write_dicom, tmp_path_factory):
    """One film again and again; and some that are none."""
    folder = tmp_path_factory.mktemp("mixed") / "films"
    pixels = phantom_films[0][1]
    for name, (syntax, compress, _) in DICOM.items():
        write_dicom(folder / name, pixels, syntax, compress(pixels) if compress else None)
    for name in PICTURES:
        Image.fromarray(pixels).save(folder / name, **({"quality": 97} if name.startswith("a.j") else {}))
    deep = pixels.astype(np.uint16) * 16 + 7
    cv2.imwrite(str(folder / "deep.png"), deep)
    cv2.imwrite(str(folder / "deep.tif"), deep)
    write_dicom(folder / "deep.dcm", deep)
    write_dicom(folder / "deep big-endian.dcm", deep, uid.ExplicitVRBigEndian)
    whole = (folder / "explicit.dcm").read_bytes()
    for name, (change, _) in BROKEN.items():
        (folder / name).write_bytes(change(whole))
    for name in NO_FILMS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(whole if "IM" in name or "hidden" in name or name == "DICOMDIR" else b"text\n" * 99)
    return folder


def predicted(model, folder, output, code=0):
    assert main(["predict", str(folder), "-m", str(model.folder), "-o", str(output)]) == code
    rows = pd.read_csv(output, keep_default_na=False, dtype={"image": str})
    assert rows["image"].is_unique
    return rows.set_index("image")


def test_one_row_a_film(tiny_model, folder, tmp_path, capfd):
    rows = predicted(tiny_model, folder, tmp_path / "p.csv")
    deep = ["deep.png", "deep.tif", "deep.dcm", "deep big-endian.dcm"]
    good = [*DICOM, *PICTURES, *deep]
    assert set(rows.index) == {*good, *BROKEN}
    assert list(rows.index[-6:]) == ["named.png", *[f"series 2/IM{number}" for number in (1, 2, 3, 4, 10)]]
    assert (rows.loc[good, "error"] == "").all()
    assert rows.loc[good, "label"].isin(["NORMAL", "PNEUMONIA"]).all()
    for name, (_, reason) in BROKEN.items():
        assert reason in rows.loc[name, "error"], name
        assert "\n" not in rows.loc[name, "error"]
        assert tuple(rows.loc[name, ["label", "probability", "p_NORMAL", "p_PNEUMONIA"]]) == ("", "", "", "")
    assert f"{len(rows)} files" in capfd.readouterr().out

    # The same pixels get the same answer, whatever they come in.
    likely = rows.loc[good, "p_PNEUMONIA"].astype(float)
    same = [name for name, (*_, exact) in DICOM.items() if exact] + [name for name, exact in PICTURES.items() if exact]
    assert likely[same].to_numpy() == pytest.approx(likely["a.png"], abs=1e-6)
    others = [name for name in [*DICOM, *PICTURES] if name not in same]
    assert likely[others].to_numpy() == pytest.approx(likely["a.png"], abs=0.05)
    assert likely[deep].to_numpy() == pytest.approx(likely["deep.png"], abs=1e-3)


def test_one_dicom_film_by_its_name(tiny_model, folder, tmp_path):
    rows = predicted(tiny_model, folder / "IM0001", tmp_path / "p.csv")
    assert list(rows.index) == ["IM0001"]
    assert rows["error"].iloc[0] == ""


def without_pydicom(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("keras_cxr.data.dicom", "pydicom"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydicom", None)


def test_without_pydicom_each_dicom_row_says_what_to_install(tiny_model, folder, tmp_path, monkeypatch, capfd):
    without_pydicom(monkeypatch)
    rows = predicted(tiny_model, folder, tmp_path / "p.csv")
    dicom = [*DICOM, "deep.dcm", "deep big-endian.dcm", "b-cut.dcm", "b-head.dcm", "b-noise.dcm"]
    assert set(rows.loc[dicom, "error"]) == {INSTALL}
    assert (rows.loc[[*PICTURES, "deep.png", "deep.tif"], "error"] == "").all()
    assert INSTALL in capfd.readouterr().err
    frontal = ["predict", str(folder), "-m", str(tiny_model.folder), "-o", str(tmp_path / "f.csv"), "--frontal-only"]
    assert main(frontal) == 0
    assert (tmp_path / "f.csv").read_text() == (tmp_path / "p.csv").read_text()


def test_without_pydicom_a_folder_of_dicom_films_alone_is_one_error(tiny_model, rsna, tmp_path, monkeypatch, capfd):
    without_pydicom(monkeypatch)
    command = ["-a", "lenet5", "--size", "32", "--epochs", "1", "--output", str(tmp_path)]
    for arguments in (["train", str(rsna), *command], ["convert", str(rsna), str(tmp_path / "copy")]):
        assert main(arguments) == 1
        last = capfd.readouterr().err.splitlines()[-1]
        assert last.startswith("Error: None of the 24 films can be read. First: ")
        assert last.endswith(INSTALL)
    assert (predicted(tiny_model, rsna, tmp_path / "p.csv", code=1)["error"] == INSTALL).all()


@pytest.fixture(scope="module")
def rsna(phantom_films, write_dicom, phantom, tmp_path_factory):
    """The challenge's layout with phantom films of 24 patients; the sick have boxes, one of them two."""
    folder = tmp_path_factory.mktemp("rsna") / "rsna"
    marks = pd.read_csv(phantom / "boxes.csv")
    rows, details = [], []
    for path, pixels, label, patient in phantom_films[:24]:
        elements = {"PatientID": patient, "PatientAge": "45", "PatientSex": "F", "ViewPosition": "AP", "Modality": "CR"}
        elements |= {"BodyPartExamined": "CHEST", "PixelSpacing": [0.14, 0.14]}
        file = folder / "stage_2_train_images" / f"{patient}.dcm"
        write_dicom(file, pixels, uid.JPEGBaseline8Bit, jpeg(pixels), **elements)
        boxes = marks[marks["image"].str.endswith(path.name)][["x", "y", "width", "height"]].to_numpy().tolist()
        for box in boxes or [[""] * 4]:
            rows.append((patient, *box, int(label == "PNEUMONIA")))
            details.append((patient, "Lung Opacity" if boxes else "Normal"))
    columns = ["patientId", "x", "y", "width", "height", "Target"]
    pd.DataFrame(rows, columns=columns).to_csv(folder / LABELS, index=False)
    pd.DataFrame(details, columns=["patientId", "class"]).to_csv(folder / DETAILS, index=False)
    return folder


def test_rsna_end_to_end(rsna, tmp_path, capfd):
    marks = pd.read_csv(rsna / LABELS)
    table = read_dataset(rsna).table
    assert len(table) == table["patient"].nunique() == 24
    assert table["boxes"].map(len).sum() == marks["x"].notna().sum() > 0
    assert (table["boxes"].map(len) > 0).equals(table["label"] == "PNEUMONIA")
    assert set(table["view"]) == {"AP"}

    train = ["train", str(rsna), "-a", "lenet5", "--size", "32", "--epochs", "1", "--split", "50/25/25"]
    assert main([*train, "--output", str(tmp_path), "--name", "m", "--no-runtimes"]) == 0
    splits = pd.read_csv(tmp_path / "m" / "splits.csv", dtype=str)
    assert set(splits["image"]) == {f"stage_2_train_images/{patient}.dcm" for patient in marks["patientId"]}
    model = ["-m", str(tmp_path / "m")]
    assert main(["evaluate", str(rsna), *model, "-o", str(tmp_path / "results"), "--no-report"]) == 0
    scored = pd.read_csv(tmp_path / "results" / "predictions.csv", dtype=str)
    assert set(scored["patient"]) == set(splits.loc[splits["split"] == "test", "patient"])
    assert set(scored["truth"]) == {"PNEUMONIA", "NO PNEUMONIA"}

    assert main(["convert", str(rsna), str(tmp_path / "copy"), "--size", "64"]) == 0
    copied = read_dataset(tmp_path / "copy").table
    assert list(copied["label"]) == list(table["label"])
    assert list(copied["patient"]) == list(table["patient"])
    own = table.set_index("patient")["boxes"]
    for patient, boxes, path in zip(copied["patient"], copied["boxes"], copied["path"], strict=True):
        share = max(Image.open(path).size) / 128
        assert np.allclose(np.array(boxes), np.array(own[patient]) * share, atol=0.01)
    assert set(pd.read_csv(tmp_path / "copy" / "labels.csv")["spacing"]) == {"0.28|0.28"}


def test_real_films(tiny_model, shared_data, tmp_path):
    rows = predicted(tiny_model, shared_data / "dicom", tmp_path / "p.csv")
    assert len(rows) == 6
    assert set(rows.index) == {path.name for path in pathlib.Path(shared_data / "dicom").glob("*.dcm")}
    assert (rows["error"] == "").all()
    assert rows["label"].isin(["NORMAL", "PNEUMONIA"]).all()
    assert (rows["p_NORMAL"] + rows["p_PNEUMONIA"]).to_numpy() == pytest.approx(1)

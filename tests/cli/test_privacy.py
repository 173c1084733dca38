"""Who the patients are stays in the DICOM files: nothing that any command writes or says names them."""

import io
import os
import pathlib
import re
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest

pydicom = pytest.importorskip("pydicom")

from keras_cxr.cli import main  # noqa: E402

# The package mutes pydicom's warnings; pytest lets them through again.
pytestmark = pytest.mark.filterwarnings("ignore")

PLANTED = "ZZPLANTED"
NAME, IDENTITY = f"{PLANTED}^NAME", f"{PLANTED}-17"
TEXT = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
TYPED = "1234509876"  # where pydicom writes numbers alone; the name takes its place in the file
NEEDED = {"SpecificCharacterSet", "PhotometricInterpretation"}
NAMED = {
    "PatientName",
    "OtherPatientNames",
    "InstitutionName",
    "ReferringPhysicianName",
    "StudyDescription",
    "ImageComments",
    "PatientComments",
    "AccessionNumber",
    "BodyPartExamined",
    "ViewPosition",
}


def planted():
    """Every text element of the DICOM dictionary, and numbers and dates into which somebody typed a name."""
    text = {
        entry[4]: NAME
        for tag, entry in pydicom.datadict.DicomDictionary.items()
        if entry[0] in TEXT and entry[4] and entry[4] not in NEEDED and tag >> 16 not in (0x0000, 0x0002)
    }
    assert set(text) >= NAMED
    other = pydicom.Dataset()
    other.PatientID, other.PatientName = f"{PLANTED}-OLD", NAME
    typed = dict.fromkeys(("PatientAge", "PatientBirthDate", "StudyTime"), PLANTED)
    numbers = dict.fromkeys(("PatientSize", "WindowCenter", "WindowWidth", "SeriesNumber", "RescaleSlope"), TYPED)
    return {**text, **typed, **numbers, "PixelSpacing": [TYPED] * 2, "OtherPatientIDsSequence": [other]}


@pytest.fixture(scope="module")
def films(write_dicom, phantom_films, tmp_path_factory):
    """Class folders of DICOM films, all of which name their patients; two are broken."""
    folder, elements = tmp_path_factory.mktemp("hospital") / "films", planted()
    for number, (_, pixels, label, patient) in enumerate(phantom_films[:24]):
        # One patient has the bare ID; of the others it is a part.
        identity = {"PatientID": f"{IDENTITY}-{patient}" if number else IDENTITY, "StudyInstanceUID": f"1.2.{number}"}
        file = folder / label / f"{number}.dcm"
        write_dicom(file, pixels, **{**elements, **identity})
        file.write_bytes(file.read_bytes().replace(TYPED.encode(), PLANTED.ljust(len(TYPED)).encode()))
    whole = (folder / phantom_films[0][2] / "0.dcm").read_bytes()
    (folder / "NORMAL" / "cut in the pixels.dcm").write_bytes(whole[:-1000])
    (folder / "NORMAL" / "cut in the header").write_bytes(whole[: len(whole) // 3])
    assert whole.count(PLANTED.encode()) > 500
    return folder


def holds(content, word):
    """Whether bytes hold a word, in any case and in the encodings of files and file systems."""
    lower = content.lower()
    return any(word.lower().encode(code) in lower for code in ("utf-8", "utf-16-le", "utf-16-be"))


def told(folder, word):
    """The files below ``folder`` that hold a word, also in their names or within an archive."""
    found = []
    for path in (path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        parts = [path.relative_to(folder).as_posix().encode(), content]
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
        if any(holds(part, word) for part in parts):
            found.append(path.relative_to(folder).as_posix())
    return found


def run_every_command(films, folder, *options):
    """Train, evaluate, predict, explain and convert, everything into ``folder``."""
    model = ["-m", str(folder / "models" / "m")]
    train = ["-a", "lenet5", "--size", "32", "--epochs", "1", "--split", "50/25/25"]
    for command in (
        ["train", str(films), *train, "--output", str(folder / "models"), "--name", "m", *options],
        ["evaluate", str(films), *model, "-o", str(folder / "results"), "--split", "all", *options],
        ["predict", str(films), *model, "-o", str(folder / "predictions.csv")],
        ["predict", str(films), *model, "-o", str(folder / "frontal.csv"), "--frontal-only"],
        ["gradcam", str(films / "PNEUMONIA"), *model, "-o", str(folder / "maps")],
        ["explain", str(films / "PNEUMONIA"), *model, "-o", str(folder / "explained"), "--arrays"],
        ["convert", str(films), str(folder / "copy"), "--size", "32", *options],
        ["train", str(folder / "copy"), *train, "--output", str(folder / "models"), "--name", "again", "--no-runtimes"],
        ["predict", str(films / "NORMAL" / "cut in the header"), *model, "-o", str(folder / "one.csv")],
    ):
        assert main(command) == (1 if command[-1].endswith("one.csv") else 0), command


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_CXR_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_no_command_names_a_patient(films, work, capfd):
    run_every_command(films, work)
    written = {path.suffix for path in work.rglob("*") if path.is_file()}
    assert written >= {".csv", ".json", ".yaml", ".html", ".png", ".keras"}
    assert (work / "cache" / "patient-salt").is_file()
    assert told(work, PLANTED) == []
    said = capfd.readouterr()
    assert not holds((said.out + said.err).encode(), PLANTED)
    # Patients are told apart all the same, one from header to tables.
    splits = pd.read_csv(work / "models" / "m" / "splits.csv", dtype=str)
    copied = pd.read_csv(work / "copy" / "labels.csv", dtype=str)
    again = pd.read_csv(work / "models" / "again" / "splits.csv", dtype=str)
    scored = pd.read_csv(work / "results" / "predictions.csv", dtype=str)
    assert splits["patient"].nunique() == 24
    assert splits["patient"].str.fullmatch("[0-9a-f]{16}").all()
    assert set(splits["patient"]) == set(copied["patient"]) == set(again["patient"])
    assert set(scored["patient"]) == set(splits["patient"])
    assert len(pd.read_csv(work / "predictions.csv")) == 26


def test_kept_ids_are_all_that_comes_through(films, work, capfd):
    run_every_command(films, work, "--keep-patient-ids")
    named = told(work, PLANTED)
    assert {"models/m/splits.csv", "copy/labels.csv", "results/predictions.csv"} <= set(named)
    for name in named:
        assert pathlib.Path(name).suffix == ".csv"
        words = set(re.findall(f'(?i){PLANTED}[^,"\n]*', (work / name).read_text()))
        assert all(re.fullmatch(rf"{IDENTITY}(-\w+)?", word) for word in words), name
    assert IDENTITY in set(pd.read_csv(work / "models" / "m" / "splits.csv")["patient"])
    said = capfd.readouterr()
    assert not holds((said.out + said.err).encode(), PLANTED)


def test_what_pydicom_grumbles_is_not_said(films, work):
    """In a program of its own, where pytest catches no warning and no line of a log."""
    program = "import sys; from keras_cxr.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "convert", str(films), str(work / "copy"), "--size", "32"]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONWARNINGS": "default"})
    assert done.returncode == 0
    assert b"24 films written" in done.stdout
    assert not holds(done.stdout + done.stderr, PLANTED)
    assert told(work, PLANTED) == []


def test_private_elements_and_odd_encodings(write_dicom, phantom_films, work, capfd):
    pixels = np.asarray(phantom_films[0][1])
    for number, (characters, name) in enumerate(
        (("ISO_IR 100", f"{PLANTED}^Jürgen"), ("ISO_IR 192", f"{PLANTED}^Žofie"), ("NONSENSE", NAME))
    ):
        file = work / "films" / f"{number}.dcm"
        write_dicom(file, pixels, SpecificCharacterSet=characters, PatientID=f"{IDENTITY} {number}", PatientName=name)
        film = pydicom.dcmread(file)
        film.private_block(0x0099, f"{PLANTED} MAKER", create=True).add_new(1, "LO", NAME)
        film.save_as(file)
    copy = work / "copy"
    capfd.readouterr()
    assert main(["convert", str(work / "films"), str(copy), "--size", "32"]) == 0
    assert told(copy, PLANTED) == []
    said = capfd.readouterr()
    assert not holds((said.out + said.err).encode(), PLANTED)
    assert pd.read_csv(copy / "labels.csv")["patient"].nunique() == 3

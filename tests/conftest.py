"""Fixtures of all tests: real films where they are at hand, synthetic ones always."""

import io
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parent.parent
LIGHT = """
import sys
from keras_cxr.cli import main
code = main(sys.argv[1:])
print("HEAVY", *sorted({"tensorflow", "keras"} & set(sys.modules)))
sys.exit(code)
"""


def pytest_addoption(parser):
    parser.addoption(
        "--shared",
        type=pathlib.Path,
        default=ROOT.parent / "shared",
        help="Folder with data/ (real films) and weights/; tests that need them are skipped where it is absent.",
    )
    parser.addoption(
        "--all-networks",
        action="store_true",
        help="Test every backbone of keras.applications instead of one a family; takes an hour.",
    )


def _folder(request, name):
    folder = request.config.getoption("--shared") / name
    if not folder.is_dir():
        pytest.skip(f"real films or weights are not at hand ({name})")
    return folder


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory):
    """Stored features of the tests stay out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_CXR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def without_tensorflow():
    """``without_tensorflow(*arguments, cwd=None)`` runs the program, which must not load TensorFlow or Keras.

    Gives the finished process: ``returncode``, and ``stdout`` and ``stderr`` as text.
    """

    def run(*arguments, cwd=None):
        command = [sys.executable, "-c", LIGHT, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False, timeout=120)
        assert done.stdout.splitlines()[-1:] == ["HEAVY"], done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def shared_data(request):
    return _folder(request, "data")


@pytest.fixture(scope="session")
def shared_weights(request):
    return _folder(request, "weights")


@pytest.fixture(scope="session")
def phantom(tmp_path_factory):
    """A folder of synthetic films of 24 patients, 128 pixels a side."""
    from keras_cxr.data.phantom.dataset import write_phantom

    folder = tmp_path_factory.mktemp("phantom")
    write_phantom(folder, patients=24, seed=0, size=128)
    return folder


@pytest.fixture(scope="session")
def tiny_model(phantom, tmp_path_factory):
    """A saved model, LeNet-5 at 64 pixels trained on ``phantom`` for two epochs. Not to be written to."""
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    recipe = Recipe(architecture="lenet5", size=64, epochs=2, learning_rate=3e-3)
    return train(read_dataset(phantom), recipe, tmp_path_factory.mktemp("models") / "tiny", runtimes=False)


@pytest.fixture(scope="session")
def films_with_findings(tmp_path_factory):
    """80 films of 40 patients with a labels.csv of findings: Bright ones, Striped ones, both, none; Hernia is rare."""
    from PIL import Image

    folder, rng = tmp_path_factory.mktemp("findings"), np.random.default_rng(0)
    lines = ["image,patient,view,findings"]
    for film in range(80):
        bright, striped = rng.random(2) < (0.5, 0.4)
        pixels = rng.normal(150 if bright else 80, 15, (32, 32))
        pixels[:, ::4] += 60 * striped
        Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / f"{film}.png")
        found = [name for name, has in zip(("Striped", "Bright"), (striped, bright), strict=True) if has]
        found += ["Hernia"] * (film in (3, 40))
        text = "|".join(found) or ("No Finding" if film % 2 else "")
        lines.append(f"{film}.png,p{film // 2},{'PA' if film % 3 else 'AP'},{text}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def multi_label_model(films_with_findings, tmp_path_factory):
    """A LeNet-5 trained on ``films_with_findings``. Not to be written to."""
    from keras_cxr.data.layouts.options import LabelOptions
    from keras_cxr.data.source import read_dataset
    from keras_cxr.training.recipe import Recipe
    from keras_cxr.training.train import train

    settings = {"architecture": "lenet5", "size": 32, "batch_size": 16, "epochs": 6, "learning_rate": 3e-3}
    recipe = Recipe(**settings, multi_label="findings", rotation=0, zoom=0, split=(50, 25, 25))
    dataset = read_dataset(films_with_findings, LabelOptions(multi_label="findings"))
    return train(dataset, recipe, tmp_path_factory.mktemp("models") / "findings", runtimes=False)


@pytest.fixture(scope="session")
def dicom_film():
    """``dicom_film(pixels, syntax=…, frames=[…], **elements)`` gives a DICOM file's bytes.

    ``pixels`` (height, width) or (height, width, 3), or None for a file without; ``frames`` are compressed frames to
    be stored in their place; ``elements`` are set last, None removes one.
    """
    pydicom = pytest.importorskip("pydicom")
    from pydicom.encaps import encapsulate
    from pydicom.uid import ExplicitVRLittleEndian

    def build(pixels=None, syntax=ExplicitVRLittleEndian, frames=None, **elements):
        dataset = pydicom.Dataset()
        dataset.file_meta = pydicom.dataset.FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
        dataset.SOPInstanceUID = "1.2.3.4"
        big = syntax == pydicom.uid.ExplicitVRBigEndian
        if pixels is not None:
            dataset.Rows, dataset.Columns = pixels.shape[:2]
            dataset.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
            dataset.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
            if pixels.ndim == 3:
                dataset.PlanarConfiguration = 0
            dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
            dataset.HighBit = dataset.BitsStored - 1
            dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
            stored = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
            dataset.PixelData = encapsulate(frames) if frames else stored + b"\0" * (len(stored) % 2)
            dataset["PixelData"].VR = "OB" if frames else "OW"
        for keyword, value in elements.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        file = io.BytesIO()
        dataset.save_as(file, enforce_file_format=True)
        return file.getvalue()

    return build

"""Phantom films as DICOM files."""

import pathlib

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def write_dicom():
    """``write_dicom(file, pixels, syntax, frame, **elements)`` writes pixels (height, width) of 8 or 16 bits.

    ``frame`` holds the compressed pixels where the transfer syntax compresses; ``elements`` are set last and unchecked.
    """
    pydicom = pytest.importorskip("pydicom")
    from pydicom.encaps import encapsulate
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

    def write(file, pixels, syntax=ExplicitVRLittleEndian, frame=None, **elements):
        film = pydicom.Dataset()
        film.file_meta = pydicom.dataset.FileMetaDataset()
        film.file_meta.TransferSyntaxUID = syntax
        film.SOPClassUID, film.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", pydicom.uid.generate_uid()
        film.Rows, film.Columns = pixels.shape
        film.SamplesPerPixel, film.PixelRepresentation, film.PhotometricInterpretation = 1, 0, "MONOCHROME2"
        film.BitsAllocated = film.BitsStored = 8 * pixels.dtype.itemsize
        film.HighBit = film.BitsStored - 1
        order = ">" if syntax == ExplicitVRBigEndian else "<"
        film.PixelData = encapsulate([frame]) if frame else pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        film["PixelData"].VR = "OB" if frame else "OW"
        with pydicom.config.disable_value_validation():
            for keyword, value in elements.items():
                setattr(film, keyword, value)
            file.parent.mkdir(parents=True, exist_ok=True)
            film.save_as(file, enforce_file_format=True)

    return write


@pytest.fixture(scope="session")
def phantom_films(phantom):
    """The phantom's films: (path, pixels (height, width) uint8, label, patient), one film a patient first."""
    paths = sorted((phantom / "known_images").rglob("*.png"), key=lambda path: (path.stem[-2:], path.name))
    return [(path, np.asarray(Image.open(path)), path.parent.name, _patient(path)) for path in paths]


def _patient(path: pathlib.Path) -> str:
    return path.stem.removeprefix("phantom-").partition("_")[0]

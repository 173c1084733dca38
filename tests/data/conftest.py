"""DICOM films made for one test."""

import io

import numpy as np
import pytest


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

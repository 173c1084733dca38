"""Whole films to be damaged: one drawn film in every form that is read, and real ones where they are at hand."""

import io
import pathlib

import cv2
import imagecodecs
import numpy as np
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.encaps import encapsulate

from keras_cxr.data.phantom.anatomy import draw_anatomy
from keras_cxr.data.phantom.film import draw_film

LARGEST = 1_500_000  # bytes; of larger real films a mutant would cost seconds
ORIENTATION, SOFTWARE = 0x0112, 0x0131


def originals(seed: int, shared: pathlib.Path) -> dict[str, bytes]:
    """Name → a film's bytes; the first word of a name is the format."""
    gray = draw_film(np.random.default_rng(seed), draw_anatomy(np.random.default_rng(seed)), "b", True, 128).pixels
    deep = gray.astype(np.uint16) * 16 + (gray[::-1] >> 4)
    return {**_pictures(gray, deep), **_dicom(gray, deep), **_real(shared)}


def _pictures(gray: np.ndarray, deep: np.ndarray) -> dict[str, bytes]:
    film, colour = Image.fromarray(gray), Image.fromarray(np.dstack([gray, gray[::-1], gray[:, ::-1]]))
    exif = Image.Exif()
    exif[ORIENTATION], exif[SOFTWARE] = 6, "drawn"
    pages = {"save_all": True, "append_images": [film]}
    return {
        "JPEG gray": _saved(film, "JPEG"),
        "JPEG colour": _saved(colour, "JPEG", restart_marker_rows=1),
        "JPEG progressive": _saved(colour, "JPEG", progressive=True),
        "JPEG CMYK": _saved(colour.convert("CMYK"), "JPEG"),
        "JPEG turned": _saved(film, "JPEG", exif=exif),
        "JPEG several": _saved(film, "MPO", **pages),
        "PNG gray": _saved(film, "PNG", exif=exif),
        "PNG bits": _saved(film.convert("1"), "PNG"),
        "PNG deep": _saved(Image.fromarray(deep), "PNG"),
        "PNG palette": _saved(colour.convert("P"), "PNG", transparency=3),
        "PNG alpha": _saved(colour.convert("RGBA"), "PNG", dpi=(300, 300)),
        "PNG deep colour": cv2.imencode(".png", np.dstack([deep] * 3))[1].tobytes(),
        "BMP gray": _saved(film, "BMP"),
        "BMP colour": _saved(colour.convert("RGBA"), "BMP"),
        "TIFF raw": _saved(film, "TIFF", exif=exif, **pages),
        "TIFF LZW": _saved(colour, "TIFF", compression="tiff_lzw"),
        "TIFF deflate": _saved(Image.fromarray(deep), "TIFF", compression="tiff_adobe_deflate"),
        "TIFF floats": _saved(Image.fromarray(deep.astype(np.float32)), "TIFF", compression="packbits"),
        "TIFF JPEG": _saved(colour, "TIFF", compression="jpeg"),
        "TIFF fax": _saved(film.convert("1"), "TIFF", compression="group4"),
        "TIFF large": _saved(film, "TIFF", big_tiff=True),
        "TIFF tiles": _tiles(gray),
        "TIFF deep colour": cv2.imencode(".tif", np.dstack([deep] * 3).astype(np.float32))[1].tobytes(),
    }


def _saved(image: Image.Image, form: str, **settings) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **settings)
    return stream.getvalue()


def _tiles(gray: np.ndarray) -> bytes:
    """A TIFF file of tiles, 64 pixels a side, each deflated: no writer at hand makes one."""
    height, width = (-(-side // 64) * 64 for side in gray.shape)
    whole = np.zeros((height, width), np.uint8)
    whole[: gray.shape[0], : gray.shape[1]] = gray
    tiles = [
        imagecodecs.zlib_encode(np.ascontiguousarray(whole[top : top + 64, left : left + 64]))
        for top in range(0, height, 64)
        for left in range(0, width, 64)
    ]
    offsets = np.cumsum([8, *map(len, tiles)])
    tables = offsets[:-1].astype("<u4").tobytes() + np.array([len(tile) for tile in tiles], "<u4").tobytes()
    at = int(offsets[-1])
    tags = [(256, 4, 1, gray.shape[1]), (257, 4, 1, gray.shape[0]), (258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1)]
    tags += [(277, 3, 1, 1), (322, 4, 1, 64), (323, 4, 1, 64)]
    tags += [(324, 4, len(tiles), at), (325, 4, len(tiles), at + 4 * len(tiles))]
    directory = b"".join(
        np.array([tag, kind], "<u2").tobytes() + np.array(rest, "<u4").tobytes() for tag, kind, *rest in tags
    )
    head = b"II*\0" + np.array([at + len(tables)], "<u4").tobytes()
    return head + b"".join(tiles) + tables + np.array([len(tags)], "<u2").tobytes() + directory + b"\0" * 4


def _dicom(gray: np.ndarray, deep: np.ndarray) -> dict[str, bytes]:
    jpeg = {"lossless": True, "predictor": 1}
    codes = {
        "RLE": (deep, uid.RLELossless, None),
        "baseline": (gray, uid.JPEGBaseline8Bit, _saved(Image.fromarray(gray), "JPEG")),
        "extended": (deep, uid.JPEGExtended12Bit, imagecodecs.jpeg8_encode(deep, level=95, bitspersample=12)),
        "lossless": (deep, uid.JPEGLosslessSV1, imagecodecs.jpeg8_encode(deep, **jpeg, bitspersample=12)),
        "LS": (deep, uid.JPEGLSLossless, imagecodecs.jpegls_encode(deep)),
        "2000": (deep, uid.JPEG2000Lossless, imagecodecs.jpeg2k_encode(deep, codecformat="j2k", reversible=True)),
        "HTJ2K": (deep, uid.HTJ2KLossless, imagecodecs.htj2k_encode(deep)),
    }
    plain = {
        "implicit": (deep, uid.ImplicitVRLittleEndian),
        "explicit": (gray, uid.ExplicitVRLittleEndian),
        "big": (deep, uid.ExplicitVRBigEndian),
        "deflated": (deep, uid.DeflatedExplicitVRLittleEndian),
    }
    made = {f"DICOM {name}": dicom_file(*parts) for name, parts in plain.items()}
    made |= {f"DICOM {name}": dicom_file(*parts) for name, parts in codes.items()}
    made["DICOM colour"] = dicom_file(np.dstack([gray] * 3), uid.ExplicitVRLittleEndian)
    made["DICOM palette"] = dicom_file(gray, uid.ExplicitVRLittleEndian, **_palette())
    made["DICOM tables"] = dicom_file(deep, uid.ExplicitVRLittleEndian, **_tables())
    made["DICOM bare"] = made["DICOM explicit"][made["DICOM explicit"].index(b"\x08\0\x16\0", 132) :]
    return made


def _palette() -> dict:
    names = ("Red", "Green", "Blue")
    table = np.arange(256, dtype="<u2").tobytes()
    return {
        "PhotometricInterpretation": "PALETTE COLOR",
        **{f"{name}PaletteColorLookupTableDescriptor": [256, 0, 16] for name in names},
        **{f"{name}PaletteColorLookupTableData": table for name in names},
    }


def _tables() -> dict:
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [4096, 0, 12])
    item.add_new("LUTData", "US", list(range(4096)))
    return {"ModalityLUTSequence": [item], "VOILUTSequence": [item], "PixelPaddingValue": 0}


def dicom_file(pixels: np.ndarray, syntax: uid.UID, frame: bytes | None = None, **elements) -> bytes:
    """A DICOM film's bytes: ``pixels`` (height, width[, 3]), or ``frame``, their compressed form."""
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.StudyInstanceUID = "1.2.840.10008.5.1.4.1.1.1.1", "1.2", "1.3"
    dataset.PatientID, dataset.PatientAge, dataset.PatientSex, dataset.Modality = "one", "045Y", "F", "DX"
    dataset.ViewPosition, dataset.BodyPartExamined, dataset.PixelSpacing = "PA", "CHEST", [0.14, 0.14]
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel, dataset.PixelRepresentation = (3 if pixels.ndim == 3 else 1), 0
    dataset.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = 8 * pixels.dtype.itemsize
    dataset.BitsStored = 12 if pixels.dtype == np.uint16 else 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.WindowCenter, dataset.WindowWidth = 2 ** (dataset.BitsStored - 1), 2**dataset.BitsStored
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    stored = pixels.astype(pixels.dtype.newbyteorder(">" if syntax == uid.ExplicitVRBigEndian else "<")).tobytes()
    dataset.PixelData = encapsulate([frame]) if frame else stored + b"\0" * (len(stored) % 2)
    dataset["PixelData"].VR = "OB" if frame else "OW"
    if syntax == uid.RLELossless:
        dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        dataset.compress(syntax, encoding_plugin="pydicom", generate_instance_uid=False)
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _real(shared: pathlib.Path) -> dict[str, bytes]:
    found = {}
    for form, pattern in (("JPEG", "*.jp*g"), ("PNG", "*.png"), ("DICOM", "*.dcm")):
        for folder in sorted(path for path in shared.glob("data/*") if path.is_dir()):
            paths = [path for path in sorted(folder.rglob(pattern)) if path.stat().st_size <= LARGEST]
            found |= {f"{form} real {path.name}": path.read_bytes() for path in paths[:: max(1, len(paths) // 2)][:2]}
    return found

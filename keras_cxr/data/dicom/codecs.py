"""Compressed pixel data: which decoder reads which transfer syntax; Pillow and imagecodecs as decoders of pydicom's.

pydicom would try whatever happens to be installed. Here each syntax has one decoder, so that a film has the same
pixels on every machine, and one that lets go of Python's lock where films are read in threads. And no frame is decoded
before what it declares is compared with the header: a small one can declare a picture of gigabytes.
"""

import importlib.util
import io
import struct
from types import ModuleType

from PIL import Image
from pydicom import uid
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.base import DecodeRunner

from keras_cxr.data.levels import check_scans
from keras_cxr.errors import CxrError

NAME = "keras-cxr"
_JPEG_8 = (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit)
_JPEG = (uid.JPEGLossless, uid.JPEGLosslessSV1)
_JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
_JPEG_2000 = (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
# pydicom asks a module of decoders for this table and for is_available().
DECODER_DEPENDENCIES = {
    **dict.fromkeys(_JPEG_8, ("PIL",)),  # of 8 bits; imagecodecs for 12
    **dict.fromkeys((*_JPEG, *_JPEG_LS, *_JPEG_2000), ("imagecodecs",)),
}


def is_available(syntax: str) -> bool:
    """Whether this module can decode the transfer syntax here."""
    return syntax in DECODER_DEPENDENCIES and (syntax in _JPEG_8 or _have_imagecodecs())


def _have_imagecodecs() -> bool:
    return importlib.util.find_spec("imagecodecs") is not None


def _is_pillows(syntax: str, bits_stored: int) -> bool:
    return syntax == uid.JPEGBaseline8Bit or (syntax == uid.JPEGExtended12Bit and bits_stored <= 8)


def decoder_name(syntax: uid.UID, bits_stored: int) -> str:
    """pydicom's name for the decoder to use, '' where nothing is compressed.

    Raises:
        CxrError: No decoder reads this transfer syntax, or imagecodecs is missing.
    """
    if not syntax.is_encapsulated:
        return ""
    if syntax == uid.RLELossless:
        return "pydicom"
    if syntax not in DECODER_DEPENDENCIES:
        raise CxrError(f"its compression is not read ({syntax.name}); write it uncompressed first")
    if not _is_pillows(syntax, bits_stored) and not _have_imagecodecs():
        raise CxrError(f"is compressed as {syntax.name}; to read it: pip install keras-cxr[dicom]")
    return NAME


def decode_frame(frame: bytes, runner: DecodeRunner) -> bytes:
    """Decode one frame for pydicom: JPEG of 8 and 12 bit, JPEG Lossless, JPEG-LS, JPEG 2000.

    Raises:
        CxrError: A JPEG of too many scans.
        ValueError: The frame is cut short, or of another size than the header says.
    """
    syntax, declared = runner.transfer_syntax, declared_size(frame)
    expected = (runner.rows, runner.columns, runner.samples_per_pixel)
    if declared != expected:
        raise ValueError(f"holds {_in_words(declared)}, not {_in_words(expected)}")
    if syntax in _JPEG_8:
        check_scans(frame)
    if _is_pillows(syntax, runner.bits_stored):
        return _by_pillow(frame, runner)
    import imagecodecs

    pixels = _codec(imagecodecs, syntax, frame)(frame)
    runner.set_option("bits_allocated", 8 * pixels.dtype.itemsize)
    runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in ("YBR_ICT", "YBR_RCT"):
        runner.set_option("photometric_interpretation", "RGB")  # OpenJPEG has undone it.
    return pixels.tobytes()


def _in_words(size: tuple[int, int, int] | None) -> str:
    if size is None:
        return "no size"
    return f"{size[1]} × {size[0]} pixels" + (f" of {size[2]} samples" if size[2] != 1 else "")


def _by_pillow(frame: bytes, runner: DecodeRunner) -> bytes:
    with Image.open(io.BytesIO(frame), formats=("JPEG",)) as picture:
        if runner.samples_per_pixel != 1 and "adobe_transform" not in picture.info:
            picture.draft("YCbCr", None)  # The colours as they are stored; pydicom converts them.
        return picture.tobytes()


def _codec(imagecodecs: ModuleType, syntax: uid.UID, frame: bytes):
    if syntax in _JPEG_2000:
        return imagecodecs.jpeg2k_decode
    if syntax in _JPEG_LS:
        return imagecodecs.jpegls_decode
    if not frame.rstrip(b"\0\xff").endswith(b"\xff\xd9"):
        raise ValueError("the JPEG has no end")  # libjpeg fills what is missing and says nothing.
    return imagecodecs.jpeg8_decode


def declared_size(frame: bytes) -> tuple[int, int, int] | None:
    """(height, width, samples) that a JPEG, JPEG-LS or JPEG 2000 frame declares, None where they are not found."""
    start = frame.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start >= 0 and len(frame) >= start + 42:
        right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
        return bottom - top, right - left, struct.unpack_from(">H", frame, start + 40)[0]
    position = 2
    while position + 10 <= len(frame) and frame[position] == 0xFF:
        marker, length = frame[position + 1], struct.unpack_from(">H", frame, position + 2)[0]
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return struct.unpack_from(">HHB", frame, position + 5)
        position += 1 if marker == 0xFF else 2 + length
    return None


for _syntax in DECODER_DEPENDENCIES:
    if is_available(_syntax) and NAME not in get_decoder(_syntax).available_plugins:
        get_decoder(_syntax).add_plugin(NAME, (__name__, decode_frame.__name__))

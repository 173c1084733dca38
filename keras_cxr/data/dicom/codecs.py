"""Compressed pixel data: which decoder reads which transfer syntax; imagecodecs as a decoder of pydicom's.

pydicom would try whatever happens to be installed. Here each syntax has one decoder, so that a film has the same
pixels on every machine, and one that lets go of Python's lock where films are read in threads.
"""

import importlib.util
import struct
from types import ModuleType

from pydicom import uid
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.base import DecodeRunner

from keras_cxr.errors import CxrError

NAME = "keras-cxr"
_JPEG = (uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1)
_JPEG_LS = (uid.JPEGLSLossless, uid.JPEGLSNearLossless)
_JPEG_2000 = (uid.JPEG2000Lossless, uid.JPEG2000, uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K)
# pydicom asks a module of decoders for this table and for is_available().
DECODER_DEPENDENCIES = dict.fromkeys((*_JPEG, *_JPEG_LS, *_JPEG_2000), ("imagecodecs",))


def is_available(syntax: str) -> bool:
    """Whether this module can decode the transfer syntax here."""
    return syntax in DECODER_DEPENDENCIES and importlib.util.find_spec("imagecodecs") is not None


def decoder_name(syntax: uid.UID, bits_stored: int) -> str:
    """pydicom's name for the decoder to use, '' where nothing is compressed.

    Raises:
        CxrError: No decoder reads this transfer syntax, or imagecodecs is missing.
    """
    if not syntax.is_encapsulated:
        return ""
    if syntax == uid.RLELossless:
        return "pydicom"
    if syntax == uid.JPEGBaseline8Bit or (syntax == uid.JPEGExtended12Bit and bits_stored <= 8):
        return "pillow"
    if syntax not in DECODER_DEPENDENCIES:
        raise CxrError(f"its compression is not read ({syntax.name}); write it uncompressed first")
    if not is_available(syntax):
        raise CxrError(f"is compressed as {syntax.name}; to read it: pip install keras-cxr[dicom]")
    return NAME


def decode_frame(frame: bytes, runner: DecodeRunner) -> bytes:
    """Decode one frame for pydicom: JPEG of 12 bit, JPEG Lossless, JPEG-LS, JPEG 2000.

    Raises:
        ValueError: The frame is cut short, or of another size than the header says.
    """
    import imagecodecs

    declared = declared_size(frame)
    if declared not in (None, (runner.rows, runner.columns)):
        raise ValueError(f"holds {declared[1]} × {declared[0]} pixels, not {runner.columns} × {runner.rows}")
    syntax = runner.transfer_syntax
    pixels = _codec(imagecodecs, syntax, frame)(frame)
    runner.set_option("bits_allocated", 8 * pixels.dtype.itemsize)
    runner.set_option("planar_configuration", 0)
    if runner.photometric_interpretation in ("YBR_ICT", "YBR_RCT"):
        runner.set_option("photometric_interpretation", "RGB")  # OpenJPEG has undone it.
    return pixels.tobytes()


def _codec(imagecodecs: ModuleType, syntax: uid.UID, frame: bytes):
    if syntax in _JPEG_2000:
        return imagecodecs.jpeg2k_decode
    if syntax in _JPEG_LS:
        return imagecodecs.jpegls_decode
    if not frame.rstrip(b"\0\xff").endswith(b"\xff\xd9"):
        raise ValueError("the JPEG has no end")  # libjpeg fills what is missing and says nothing.
    return imagecodecs.jpeg8_decode


def declared_size(frame: bytes) -> tuple[int, int] | None:
    """The (height, width) that a JPEG, JPEG-LS or JPEG 2000 frame declares, None where it is not found."""
    start = frame.find(b"\xff\x4f\xff\x51", 0, 4096)
    if start >= 0 and len(frame) >= start + 24:
        right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
        return bottom - top, right - left
    position = 2
    while position + 9 <= len(frame) and frame[position] == 0xFF:
        marker, length = frame[position + 1], struct.unpack_from(">H", frame, position + 2)[0]
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return struct.unpack_from(">HH", frame, position + 5)
        position += 1 if marker == 0xFF else 2 + length
    return None


for _syntax in DECODER_DEPENDENCIES:
    if is_available(_syntax) and NAME not in get_decoder(_syntax).available_plugins:
        get_decoder(_syntax).add_plugin(NAME, (__name__, decode_frame.__name__))

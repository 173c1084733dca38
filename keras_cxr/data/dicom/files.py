"""Opening a DICOM file: quietly, within limits, every fault in one line."""

import contextlib
import io
import logging
import pathlib
import warnings
import zlib
from collections.abc import Iterator

import pydicom
from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian
from pydicom.uid import ImplicitVRLittleEndian as ImplicitLittle

from keras_cxr.data.levels import max_bytes
from keras_cxr.data.sniff import HEAD, is_dicom
from keras_cxr.errors import CxrError, one_line

# A deflated file can hold a thousand times its size. Bytes for what is no pixels:
HEADER_ROOM = 16_000_000

# Every fault that matters is raised; what pydicom grumbles about beside it would be printed file by file.
warnings.filterwarnings("ignore", module=r"pydicom\.|keras_cxr\.data\.dicom")
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def read_dicom(source: bytes | str | pathlib.Path, **options) -> pydicom.FileDataset:
    """Parse a DICOM file.

    Args:
        source: The file's bytes or its path.
        options: For ``pydicom.dcmread``.

    Returns:
        The data set; its transfer syntax is filled in where the file does not name one.

    Raises:
        CxrError: The file cannot be read, is not DICOM, or inflates to more than the largest film (``max_bytes``).
    """
    with _opened(source) as stream:
        if not is_dicom(stream.read(HEAD)):
            raise CxrError("is not a DICOM file")
        _check_inflated(stream)
        stream.seek(0)
        dataset = pydicom.dcmread(stream, force=True, **options)
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        plain = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitLittle if implicit else plain
    return dataset


def _opened(source: bytes | str | pathlib.Path) -> io.BufferedIOBase:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    try:
        return open(source, "rb")
    except OSError as fault:
        raise CxrError(f"cannot be read: {fault.strerror}") from fault


def _check_inflated(stream: io.BufferedIOBase) -> None:
    stream.seek(128)
    if stream.read(4) != b"DICM":
        return
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        limit = max_bytes() + HEADER_ROOM
        inflater.decompress(stream.read(), limit)
        if inflater.unconsumed_tail:
            raise CxrError(f"inflates to more than {limit // 1_000_000} MB; shrink it or raise --max-megapixels")


@contextlib.contextmanager
def faults_in_one_line() -> Iterator[None]:
    """Turn whatever pydicom and the decoders stumble over into a CxrError."""
    try:
        yield
    except CxrError:
        raise
    except Exception as fault:  # On damaged bytes they raise nearly everything.
        raise damaged(str(fault) or type(fault).__name__) from fault


def damaged(reason: str) -> CxrError:
    """The error for a file that cannot be read through."""
    return CxrError(f"damaged or cut-short DICOM file ({one_line(reason)})")

"""Whether a file is DICOM, told from its first bytes, whatever it is called; and whether such files can be read."""

import re

from keras_cxr.errors import CxrError

HEAD = 132  # bytes: the preamble of 128 and the mark
_BARE = re.compile(
    # Files of before 1993 and of careless exporters begin with the first element itself: group 0008 (or 0002), then
    # a value representation (explicit), or a length below 256 (implicit).
    rb"[\x02\x08]\x00[\x00-\x18]\x00(?:UL|CS|UI|DA|SH|OB|.\x00\x00\x00)|\x00[\x02\x08]\x00[\x00-\x18](?:UL|CS|UI|DA|SH|OB)",
    re.DOTALL,
)


def is_dicom(head: bytes) -> bool:
    """Whether ``head``, the file's first 132 bytes or more, begins a DICOM file, with or without preamble."""
    return head[128:HEAD] == b"DICM" or _BARE.match(head) is not None


def need_pydicom() -> None:
    """Refuse a DICOM file where pydicom is missing.

    Asked before the modules that use it are imported: films are read in threads, and a module whose import fails in one
    thread may be seen half made by another.

    Raises:
        CxrError: It is not installed.
    """
    try:
        import pydicom  # noqa: F401
    except ImportError as fault:
        raise CxrError("is a DICOM film; to read these: pip install keras-cxr[dicom]") from fault

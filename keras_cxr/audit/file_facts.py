"""What a film's header tells of the file itself: its type, and the bits of a gray level."""

from PIL import ExifTags, Image

from keras_cxr.data.images import FORMATS
from keras_cxr.data.sniff import HEAD, is_dicom, need_pydicom

_BITS = {"1": 1, "I;16": 16, "I;16B": 16, "I;16L": 16, "I": 32, "F": 32}


def file_facts(path: str) -> tuple[str, int]:
    """The file's type ('JPEG', 'PNG', 'DICOM', …) and the bits of a gray level; ('', 0) where they cannot be told."""
    try:
        with open(path, "rb") as stream:
            if is_dicom(stream.read(HEAD)):
                return "DICOM", _dicom_bits(path)
            stream.seek(0)
            with Image.open(stream, formats=FORMATS) as picture:
                bits = _BITS.get(picture.mode, 8)
                if picture.format == "TIFF":
                    told = picture.tag_v2.get(ExifTags.Base.BitsPerSample, bits)
                    bits = told[0] if isinstance(told, tuple) else told
                return picture.format, int(bits)
    except Exception:  # Damaged headers raise nearly everything; the film's own reading says what is wrong.
        return "", 0


def _dicom_bits(path: str) -> int:
    need_pydicom()
    from keras_cxr.data.dicom.files import read_dicom

    return int(read_dicom(path, stop_before_pixels=True, specific_tags=["BitsStored"]).BitsStored)

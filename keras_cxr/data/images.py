"""A film file's bytes to gray levels: JPEG, PNG, BMP, TIFF, DICOM; 8 and 16 bit; gray, colour, palette, alpha."""

import io
import pathlib
import warnings

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from keras_cxr.data.levels import MAX_PIXELS, check_size, window_by_percentile
from keras_cxr.data.sniff import is_dicom
from keras_cxr.errors import CxrError

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff")
SUFFIXES = (*PICTURE_SUFFIXES, ".dcm", ".dicom")
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "TIFF")

# decode() gives every bad file one reason; Pillow's second voice would print warnings beside it.
warnings.filterwarnings("ignore", module=r"PIL\.")
# Pillow loads its formats on demand, which is not safe when several threads ask at once.
Image.init()


def read_bytes(path: str | pathlib.Path) -> bytes:
    """The file's content.

    Raises:
        CxrError: The file is missing, unreadable or empty.
    """
    try:
        content = pathlib.Path(path).read_bytes()
    except OSError as fault:
        raise CxrError(f"cannot be read: {fault.strerror}") from fault
    if not content:
        raise CxrError("the file is empty (0 bytes)")
    return content


def decode(content: bytes, at_least: int | None = None, bits: int = 8) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode one picture to gray levels.

    Args:
        content: The file's bytes.
        at_least: Where only a picture of about this many pixels a side is needed, a large JPEG is decoded at a half,
            a quarter or an eighth of its size, never below ``at_least`` on its shorter side (libjpeg's scaled inverse
            cosine transform: faster, mean difference about one gray level).
        bits: Of the gray levels, 8 or 16; pictures of 8 bits are then spread over the 16.

    Returns:
        Gray levels (height, width) uint8 (uint16 with 16 bits) and the picture's own (width, height), both after its
        EXIF orientation.

    Raises:
        CxrError: No picture, damaged, cut short, too small, more than ``MAX_PIXELS``, or DICOM without pydicom.
    """
    if is_dicom(content):
        from keras_cxr.data.dicom.pixels import dicom_gray

        gray, _ = dicom_gray(content, bits)
        return gray, (gray.shape[1], gray.shape[0])
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            check_size(*picture.size)
            if picture.format in ("JPEG", "MPO"):
                gray, own_size = _decode_jpeg(content, picture, at_least)
                return _to_bits(gray, bits), own_size
            gray = _gray(picture)
    except Image.DecompressionBombError as fault:
        raise CxrError(f"declares far more than the limit of {MAX_PIXELS // 1_000_000} million pixels") from fault
    except UnidentifiedImageError:
        gray = _decode_rare(content)
    except CxrError:
        raise
    except Exception as fault:  # On damaged bytes the decoders raise whatever they stumble over.
        reason = " ".join(str(fault).split()) or type(fault).__name__
        raise CxrError(f"damaged or cut short ({reason})") from fault
    return _to_bits(gray, bits), (gray.shape[1], gray.shape[0])


def _to_bits(gray: np.ndarray, bits: int) -> np.ndarray:
    if gray.dtype != np.uint8:
        return window_by_percentile(gray, bits)
    return gray if bits == 8 else gray.astype(np.uint16) * 257


def _decode_jpeg(content: bytes, picture: Image.Image, at_least: int | None) -> tuple[np.ndarray, tuple[int, int]]:
    # OpenCV fills what a cut-short JPEG lacks with gray and says nothing; Pillow, slower, refuses it. So a file
    # without its end marker goes to Pillow, which also reads the good ones that carry something behind it. And the
    # two look for the orientation in different places: a turned film is Pillow's too.
    turned = picture.getexif().get(ExifTags.Base.Orientation) in range(2, 9)
    if not turned and content.rstrip(b"\0\r\n ").endswith(b"\xff\xd9"):
        shorter = min(picture.size)
        reduction = next((by for by in (8, 4, 2) if at_least and shorter // by >= at_least), 1)
        flag = cv2.IMREAD_GRAYSCALE if reduction == 1 else getattr(cv2, f"IMREAD_REDUCED_GRAYSCALE_{reduction}")
        gray = cv2.imdecode(np.frombuffer(content, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
        if gray is not None:
            return gray, picture.size
    gray = _gray(picture)
    return gray, (gray.shape[1], gray.shape[0])


def _gray(picture: Image.Image) -> np.ndarray:
    white_is_zero = picture.format == "TIFF" and picture.tag_v2.get(ExifTags.Base.PhotometricInterpretation) == 0
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        deep = np.asarray(picture, np.float32)
        return -deep if white_is_zero else deep  # Pillow inverts 8 bits itself, deep ones not.
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", over.size, (0, 0, 0, 255)), over)
    elif picture.mode == "P":
        picture = picture.convert("RGB")
    return np.asarray(picture.convert("L"))


def _decode_rare(content: bytes) -> np.ndarray:
    # TIFF forms that Pillow does not know (64-bit, floating-point colour, LogLuv): OpenCV's libtiff does.
    gray = None
    if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        try:
            gray = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
        except cv2.error:
            gray = None
    if gray is None:
        raise CxrError("is not a JPEG, PNG, BMP or TIFF picture nor a DICOM file, whatever its name says")
    check_size(gray.shape[1], gray.shape[0])
    if gray.ndim == 3:
        # Blue, green, red as ITU-R 601-2 weighs them, and Pillow.
        gray = (gray @ np.array([0.114, 0.587, 0.299])).astype(gray.dtype)
    return gray

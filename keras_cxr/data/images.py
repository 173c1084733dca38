"""A film file's bytes to gray levels: JPEG, PNG, BMP, TIFF, DICOM; 8 and 16 bit; gray, colour, palette, alpha."""

import io
import pathlib
import warnings

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageChops, ImageMode, ImageOps, TiffImagePlugin, UnidentifiedImageError

from keras_cxr.data.levels import check_scans, check_size, max_megapixels, window_by_percentile
from keras_cxr.data.sniff import is_dicom, need_pydicom
from keras_cxr.errors import CxrError, one_line

JPEG_SUFFIXES = (".jpg", ".jpeg", ".jpe")
PICTURE_SUFFIXES = (*JPEG_SUFFIXES, ".png", ".bmp", ".tif", ".tiff")
SUFFIXES = (*PICTURE_SUFFIXES, ".dcm", ".dicom")
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "TIFF")

# decode() gives every bad file one reason; warnings of Pillow and OpenCV would be printed beside it. (libjpeg, within
# OpenCV, and libtiff, within Pillow, still print a line about some damaged files; neither lets itself be told.)
warnings.filterwarnings("ignore", module=r"PIL\.")
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
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
        CxrError: No picture, damaged, cut short, too small, too large (``set_max_megapixels``), or DICOM
            without pydicom.
    """
    if is_dicom(content):
        need_pydicom()
        from keras_cxr.data.dicom.pixels import dicom_gray

        gray, _ = dicom_gray(content, bits)
        return gray, (gray.shape[1], gray.shape[0])
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            is_jpeg = picture.format in ("JPEG", "MPO")
            if is_jpeg:
                if picture.mode != "L" or picture.info.get("progressive"):
                    check_scans(content)  # A sequential gray JPEG is one scan; what follows is not decoded.
                picture.draft("L", None)  # No colours are decoded where gray is wanted.
            check_size(*picture.size, _bytes_a_pixel(picture))
            if is_jpeg:
                gray, own_size = _decode_jpeg(content, picture, at_least)
                return _to_bits(gray, bits), own_size
            gray = _gray(picture)
    except Image.DecompressionBombError as fault:
        raise CxrError(f"declares far more than the limit of {max_megapixels()} million pixels") from fault
    except UnidentifiedImageError:
        gray = _decode_rare(content)
    except CxrError:
        raise
    except Exception as fault:  # On damaged bytes the decoders raise whatever they stumble over.
        raise CxrError(f"damaged or cut short ({one_line(str(fault)) or type(fault).__name__})") from fault
    return _to_bits(gray, bits), (gray.shape[1], gray.shape[0])


def reduction(size: tuple[int, int], at_least: int | None) -> int:
    """By what a picture of this (width, height) can be divided, 8, 4, 2 or 1, and keep ``at_least`` pixels a side."""
    return next((by for by in (8, 4, 2) if at_least and min(size) // by >= at_least), 1)


def _to_bits(gray: np.ndarray, bits: int) -> np.ndarray:
    if gray.dtype != np.uint8:
        return window_by_percentile(gray, bits)
    return gray if bits == 8 else gray.astype(np.uint16) * 257


def _bytes_a_pixel(picture: Image.Image) -> int:
    if picture.mode == "P" or "transparency" in picture.info:
        return 4  # It will be RGBA.
    mode = ImageMode.getmode(picture.mode)
    return len(mode.bands) * int(mode.typestr[-1])


def _decode_jpeg(content: bytes, picture: Image.Image, at_least: int | None) -> tuple[np.ndarray, tuple[int, int]]:
    # OpenCV fills what a cut-short JPEG lacks with gray and says nothing; Pillow, slower, refuses it. So a file
    # without its end marker goes to Pillow, which also reads the good ones that carry something behind it. And the
    # two look for the orientation in different places: a turned film is Pillow's too.
    turned = picture.getexif().get(ExifTags.Base.Orientation) in range(2, 9)
    if not turned and content.rstrip(b"\0\r\n ").endswith(b"\xff\xd9"):
        by = reduction(picture.size, at_least)
        flag = cv2.IMREAD_GRAYSCALE if by == 1 else getattr(cv2, f"IMREAD_REDUCED_GRAYSCALE_{by}")
        gray = cv2.imdecode(np.frombuffer(content, np.uint8), flag | cv2.IMREAD_IGNORE_ORIENTATION)
        if gray is not None:
            return gray, picture.size
    gray = _gray(picture)
    return gray, (gray.shape[1], gray.shape[0])


def _gray(picture: Image.Image) -> np.ndarray:
    white_is_zero = picture.format == "TIFF" and picture.tag_v2.get(ExifTags.Base.PhotometricInterpretation) == 0
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        deep = np.asarray(picture)
        if not white_is_zero:
            return deep
        return -deep if deep.dtype.kind == "f" else ~deep  # Pillow inverts 8 bits itself, deep ones not.
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        over = picture.convert("RGBA")
        picture = ImageChops.multiply(over.convert("L"), over.getchannel("A"))  # over black
    elif picture.mode == "P":
        picture = picture.convert("RGB")
    return np.asarray(picture.convert("L"))


def _decode_rare(content: bytes) -> np.ndarray:
    # TIFF forms that Pillow does not know (64-bit, floating-point colour, LogLuv): OpenCV's libtiff does.
    gray = None
    if content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        try:
            check_size(*_tiff_size(content))
            gray = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
        except CxrError:
            raise
        except Exception:  # On damaged bytes both raise whatever they stumble over.
            gray = None
    if gray is None:
        raise CxrError("is not a JPEG, PNG, BMP or TIFF picture nor a DICOM file, whatever its name says")
    if gray.ndim == 3:
        # Blue, green, red as ITU-R 601-2 weighs them, and Pillow.
        gray = (gray @ np.array([0.114, 0.587, 0.299])).astype(gray.dtype)
    return gray


def _tiff_size(content: bytes) -> tuple[int, int, int]:
    """Width, height and bytes a pixel that a TIFF file's first directory declares."""
    directory = TiffImagePlugin.ImageFileDirectory_v2(content[: 16 if b"+" in content[2:4] else 8])
    stream = io.BytesIO(content)
    stream.seek(directory.next)
    directory.load(stream)
    tags = ExifTags.Base
    samples, bits = directory.get(tags.SamplesPerPixel, 1), directory.get(tags.BitsPerSample, (1,))
    return directory[tags.ImageWidth], directory[tags.ImageLength], samples * -(-max(bits) // 8)

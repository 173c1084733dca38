"""A film file's bytes to gray levels: JPEG, PNG, BMP, TIFF; 8 and 16 bit; gray, colour, palette, alpha."""

import io
import pathlib
import warnings

import cv2
import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from keras_cxr.errors import CxrError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff")
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "TIFF")
MAX_PIXELS = 100_000_000
MIN_SIDE = 16
# Deep images carry no window: the darkest and brightest half percent are taken for borders, markers and noise.
DEEP_PERCENTILES = (0.5, 99.5)

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


def decode(content: bytes, at_least: int | None = None) -> tuple[np.ndarray, tuple[int, int]]:
    """Decode one picture to gray levels.

    Args:
        content: The file's bytes.
        at_least: Where only a picture of about this many pixels a side is needed, a large JPEG is decoded at a half,
            a quarter or an eighth of its size, never below ``at_least`` on its shorter side (libjpeg's scaled inverse
            cosine transform: faster, mean difference about one gray level).

    Returns:
        Gray levels (height, width) uint8 and the picture's own (width, height), both after its EXIF orientation.

    Raises:
        CxrError: No picture, damaged, cut short, too small, or more than ``MAX_PIXELS``.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            _check_size(*picture.size)
            if picture.format in ("JPEG", "MPO"):
                return _decode_jpeg(content, picture, at_least)
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
    return gray, (gray.shape[1], gray.shape[0])


def _check_size(width: int, height: int) -> None:
    if min(width, height) < MIN_SIDE:
        raise CxrError(f"{width} × {height} pixels is too small for a film (at least {MIN_SIDE} a side)")
    if width * height > MAX_PIXELS:
        raise CxrError(
            f"{width} × {height} pixels is over the limit of {MAX_PIXELS // 1_000_000} million; shrink it first"
        )


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
        return window_by_percentile(-deep if white_is_zero else deep)  # Pillow inverts 8 bits itself, deep ones not.
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
        raise CxrError("is not a JPEG, PNG, BMP or TIFF picture, whatever its name says")
    _check_size(gray.shape[1], gray.shape[0])
    if gray.ndim == 3:
        # Blue, green, red as ITU-R 601-2 weighs them, and Pillow.
        gray = (gray @ np.array([0.114, 0.587, 0.299])).astype(gray.dtype)
    return gray if gray.dtype == np.uint8 else window_by_percentile(gray)


def window_by_percentile(deep: np.ndarray) -> np.ndarray:
    """Map deep gray levels (any number type) to 0–255 uint8 between the 0.5 and 99.5 percentile, clipped."""
    deep = np.nan_to_num(np.asarray(deep, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.percentile(deep, DEEP_PERCENTILES)
    if high <= low:
        low, high = float(deep.min()), float(deep.max())
    if high <= low:
        return np.zeros(deep.shape, np.uint8)
    return np.clip(np.rint((deep - low) * (255.0 / (high - low))), 0, 255).astype(np.uint8)

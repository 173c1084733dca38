"""What every picture format shares: the limits of size, and deep gray levels brought to 0–255."""

import numpy as np
from PIL import Image

from keras_cxr.errors import CxrError, UsageError

MEGAPIXELS = 100
MIN_SIDE = 16
BYTES_A_PIXEL = 2
# Each scan of a progressive JPEG is a pass over all of its pixels. Encoders write about ten.
MAX_SCANS = 100
# Deep images carry no window: the darkest and brightest half percent are taken for borders, markers and noise.
DEEP_PERCENTILES = (0.5, 99.5)
# Of integers that spread wider, neighbours share a gray level.
MAX_LEVELS_BITS = 20
_ROWS = 256  # at a time, where a step needs more memory a pixel than the picture

_megapixels = MEGAPIXELS


def max_megapixels() -> int:
    """The largest film that is read, in million pixels."""
    return _megapixels


def set_max_megapixels(million: int) -> None:
    """Set the largest film that is read, for the whole process; 100 unless set.

    Memory follows from it: a film that takes more than 2 bytes for each pixel of this limit when decoded
    (pixels × samples × bytes of a sample; 200 MB at 100) is refused too, before it is decoded. So colour pictures may
    have two thirds of the pixels, 32-bit ones half.

    Raises:
        UsageError: Less than 1.
    """
    global _megapixels
    if not million >= 1:
        raise UsageError(f"The 'max_megapixels' limit must be at least 1. Received: {million}")
    _megapixels = million
    if Image.MAX_IMAGE_PIXELS is not None:  # Pillow warns above this number, and refuses above twice.
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, million * 1_000_000)


def max_bytes() -> int:
    """The largest decoded film, in bytes."""
    return _megapixels * 1_000_000 * BYTES_A_PIXEL


def check_size(width: int, height: int, bytes_a_pixel: int = 1) -> None:
    """Refuse what is no film by its size, or would take too much memory (``set_max_megapixels``).

    Args:
        width, height: In pixels.
        bytes_a_pixel: Of the decoded picture: samples × bytes of a sample.

    Raises:
        CxrError: A side below ``MIN_SIDE``, too many pixels, or too many bytes.
    """
    size = f"{width} × {height} pixels"
    if min(width, height) < MIN_SIDE:
        raise CxrError(f"{size} is too small for a film (at least {MIN_SIDE} a side)")
    if width * height > _megapixels * 1_000_000:
        raise CxrError(f"{size} is over the limit of {_megapixels} million; shrink it or raise --max-megapixels")
    if width * height * bytes_a_pixel > max_bytes():
        raise CxrError(
            f"{size} of {bytes_a_pixel} bytes is over the limit of {max_bytes() // 1_000_000} MB decoded; "
            "shrink it or raise --max-megapixels"
        )


def check_scans(jpeg: bytes) -> None:
    """Refuse a JPEG whose scans would keep the decoder busy for minutes.

    Raises:
        CxrError: More than ``MAX_SCANS``.
    """
    scans = jpeg.count(b"\xff\xda")
    if scans > MAX_SCANS:
        raise CxrError(f"is a JPEG of {scans} scans, over the limit of {MAX_SCANS}; save it anew")


def levels_of(stored: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gray levels (n,) int64 between the darkest and the brightest, and each pixel's place among them.

    What follows is then done once a gray level, not once a pixel. Of integers that spread over more than 2^20,
    neighbours share a level, named by its lowest.
    """
    low, high = int(stored.min()), int(stored.max())
    shift = max(0, (high - low).bit_length() - MAX_LEVELS_BITS)
    # In unsigned numbers the difference fits, whatever the sign.
    where = stored.astype(stored.dtype.newbyteorder("="), copy=False).view(f"u{stored.itemsize}")
    where = where - where.dtype.type(low % (1 << 8 * stored.itemsize))
    if shift:
        where >>= where.dtype.type(shift)
    return low + (np.arange(((high - low) >> shift) + 1) << shift), where


def counts_of(where: np.ndarray, levels: int) -> np.ndarray:
    """The number of pixels (levels,) at each place, from ``where`` (height, width)."""
    counts = np.zeros(levels, np.int64)
    for top in range(0, len(where), _ROWS):
        counts += np.bincount(where[top : top + _ROWS].ravel(), minlength=levels)
    return counts


def percentile_range(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """The 0.5 and 99.5 percentile of ``values`` that occur ``counts`` times; smallest and largest if they coincide."""
    occurring = np.flatnonzero(counts)
    order = occurring[np.argsort(values[occurring], kind="stable")]
    ordered, until = values[order], np.cumsum(counts[order])
    ends = []
    for percentile in DEEP_PERCENTILES:
        # As numpy.percentile: linear between the two pixels around the place.
        place = percentile / 100 * (int(until[-1]) - 1)
        below, above = ordered[np.searchsorted(until, [int(place), int(np.ceil(place))], side="right")]
        ends.append(float(below + (above - below) * (place % 1)))
    low, high = ends
    return (low, high) if high > low else (float(ordered[0]), float(ordered[-1]))


def gray_type(bits: int) -> tuple[type, int]:
    """The number type of gray levels of 8 or 16 bits, and its white."""
    return (np.uint8, 255) if bits == 8 else (np.uint16, 65535)


def spread(deep: np.ndarray, low: float, high: float, bits: int = 8) -> np.ndarray:
    """Map gray levels linearly to 0–255 uint8, ``low`` to 0 and ``high`` to 255, clipped; all 0 if high ≤ low.

    With 16 ``bits``, to 0–65535 uint16.
    """
    kind, white = gray_type(bits)
    shown = np.zeros(deep.shape, kind)
    if high <= low:
        return shown
    with np.errstate(over="ignore", invalid="ignore"):  # Floating-point pictures can hold anything.
        for top in range(0, len(deep), _ROWS):
            part = (deep[top : top + _ROWS] - low) * (white / (high - low))
            shown[top : top + _ROWS] = np.clip(np.rint(part), 0, white)
    return shown


def window_by_percentile(deep: np.ndarray, bits: int = 8) -> np.ndarray:
    """``spread`` of deep gray levels (height, width), any number type, between their 0.5 and 99.5 percentile."""
    if deep.dtype.kind != "f":
        levels, where = levels_of(deep)
        return spread(levels, *percentile_range(levels, counts_of(where, len(levels))), bits)[where]
    deep = np.nan_to_num(deep, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = np.percentile(deep, DEEP_PERCENTILES)
    if high <= low:
        low, high = deep.min(), deep.max()
    return spread(deep, float(low), float(high), bits)

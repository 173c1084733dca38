"""What every picture format shares: the size limits, and deep gray levels brought to 0–255."""

import numpy as np

from keras_cxr.errors import CxrError

MAX_PIXELS = 100_000_000
MIN_SIDE = 16
# Deep images carry no window: the darkest and brightest half percent are taken for borders, markers and noise.
DEEP_PERCENTILES = (0.5, 99.5)


def check_size(width: int, height: int) -> None:
    """Refuse what is no film by its size.

    Raises:
        CxrError: A side below ``MIN_SIDE``, or more than ``MAX_PIXELS`` pixels.
    """
    if min(width, height) < MIN_SIDE:
        raise CxrError(f"{width} × {height} pixels is too small for a film (at least {MIN_SIDE} a side)")
    if width * height > MAX_PIXELS:
        raise CxrError(
            f"{width} × {height} pixels is over the limit of {MAX_PIXELS // 1_000_000} million; shrink it first"
        )


def percentile_range(deep: np.ndarray) -> tuple[float, float]:
    """The 0.5 and 99.5 percentile of gray levels; their smallest and largest value where the two coincide."""
    low, high = np.percentile(deep, DEEP_PERCENTILES)
    if high <= low:
        low, high = deep.min(), deep.max()
    return float(low), float(high)


def gray_type(bits: int) -> tuple[type, int]:
    """The number type of gray levels of 8 or 16 bits, and its white."""
    return (np.uint8, 255) if bits == 8 else (np.uint16, 65535)


def spread(deep: np.ndarray, low: float, high: float, bits: int = 8) -> np.ndarray:
    """Map gray levels linearly to 0–255 uint8, ``low`` to 0 and ``high`` to 255, clipped; all 0 if high ≤ low.

    With 16 ``bits``, to 0–65535 uint16.
    """
    kind, white = gray_type(bits)
    if high <= low:
        return np.zeros(deep.shape, kind)
    with np.errstate(over="ignore", invalid="ignore"):  # Floating-point pictures can hold anything.
        return np.clip(np.rint((deep - low) * (white / (high - low))), 0, white).astype(kind)


def window_by_percentile(deep: np.ndarray, bits: int = 8) -> np.ndarray:
    """``spread`` of deep gray levels (any number type) between their 0.5 and 99.5 percentile."""
    deep = np.nan_to_num(np.asarray(deep, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return spread(deep, *percentile_range(deep), bits)

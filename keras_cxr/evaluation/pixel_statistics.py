"""What a picture is before anybody looks at its content: brightness, contrast, border, sharpness, as numbers."""

import numpy as np

BORDER = 1 / 16  # of the side
NAMES = ("mean", "contrast", "percentile 1", "median", "percentile 99", "border mean", "sharpness", "entropy")


def pixel_statistics(film: np.ndarray) -> np.ndarray:
    """The statistics of ``NAMES`` of one picture.

    Mean, contrast (standard deviation), percentiles and the mean of the outermost sixteenth of each side are gray
    levels. Sharpness is the mean absolute difference between neighbouring pixels over the contrast (0 where there is
    none). Entropy is that of the gray levels' histogram in 64 bins, 0 to 6 bits.

    Args:
        film: Gray levels (height, width) uint8, at least 2 × 2.

    Returns:
        (8,) float64.
    """
    levels = np.bincount(film.ravel(), minlength=256)
    rising = np.cumsum(levels)
    percentiles = [int(np.searchsorted(rising, share * film.size)) for share in (0.01, 0.5, 0.99)]
    mean = float((np.arange(256) * levels).sum() / film.size)
    contrast = float(np.sqrt((np.arange(256) - mean) ** 2 @ levels / film.size))
    signed = film.astype(np.int16)
    steps = (np.abs(np.diff(signed, axis=0)).mean() + np.abs(np.diff(signed, axis=1)).mean()) / 2
    shares = levels.reshape(64, 4).sum(axis=1) / film.size
    shares = shares[shares > 0]
    entropy = float(-(shares * np.log2(shares)).sum())
    sharpness = float(steps / contrast) if contrast else 0.0
    return np.array([mean, contrast, *percentiles, _border_mean(film), sharpness, entropy])


def _border_mean(film: np.ndarray) -> float:
    down, across = (max(1, round(BORDER * side)) for side in film.shape)
    inner = film[down:-down, across:-across]
    return float((film.sum(dtype=np.int64) - inner.sum(dtype=np.int64)) / (film.size - inner.size))

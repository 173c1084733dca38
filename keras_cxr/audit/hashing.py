"""Perceptual hashes: the signs of a film's low frequencies, alike in rescaled, recompressed and slightly cut copies.

Zauner C., Implementation and Benchmarking of Perceptual Image Hash Functions, 2010 (the hash of the discrete cosine
transform). Chest films all look alike, so a near hash is a reason to compare two films, never a proof.
"""

import numpy as np
from scipy.fft import dctn

FREQUENCIES = 16  # a side: 255 bits
_SIDE = 32
_BLOCK = 1024


def perceptual_hashes(thumbnails: np.ndarray) -> np.ndarray:
    """Hash each film: whether each low frequency of its cosine transform is above the median of them all.

    Args:
        thumbnails: Gray levels (films, 64, 64) uint8.

    Returns:
        (films, 255) bool. The mean, which says nothing of the picture, has no bit.
    """
    half = thumbnails.shape[1] // _SIDE
    small = thumbnails.reshape(len(thumbnails), _SIDE, half, _SIDE, half).mean((2, 4), dtype=np.float32)
    low = dctn(small, axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES]
    low = low.reshape(len(low), FREQUENCIES**2)[:, 1:]
    return low > np.median(low, axis=1, keepdims=True)


def near_pairs(hashes: np.ndarray, share: float, neighbours: int) -> np.ndarray:
    """Pairs of films whose hashes differ in at most a ``share`` of their bits.

    Args:
        hashes: (films, bits) bool.
        share: Of the bits, 0 to 1.
        neighbours: The most partners that a film asks for; it may be asked for by more.

    Returns:
        Row numbers (pairs, 2) int, the first below the second, each pair once.
    """
    # Of signs +1 and -1, the product is the bits that agree less those that do not: Hamming distances at the speed
    # of a matrix product.
    signs = np.where(hashes, np.float32(1), np.float32(-1))
    bits = hashes.shape[1]
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(signs), _BLOCK):
        differing = (bits - signs[start : start + _BLOCK] @ signs.T) / 2
        inside = np.arange(len(differing))
        differing[inside, start + inside] = np.inf
        row, other = np.nonzero(differing <= share * bits)
        order = np.lexsort((differing[row, other], row))
        row, other = row[order], other[order]
        place = np.arange(len(row)) - np.searchsorted(row, row)
        few = place < neighbours
        found.append(np.sort(np.stack([row[few] + start, other[few]], axis=1), axis=1))
    return np.unique(np.concatenate(found), axis=0)

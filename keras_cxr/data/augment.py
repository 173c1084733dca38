"""Rotation, zoom and flip in one affine warp: one interpolation instead of two, and one pass over the pixels."""

import dataclasses

import cv2
import numpy as np


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Ranges that training films are varied in.

    Attributes:
        rotation: Degrees to either side (uniform).
        zoom: Share to either side: 0.05 scales by 0.95 to 1.05 (uniform).
        flip: Whether half of the films are mirrored left to right. That mirrors the heart as well.
    """

    rotation: float = 18.0
    zoom: float = 0.05
    flip: bool = True

    @property
    def active(self) -> bool:
        """Whether anything is varied at all."""
        return self.rotation > 0 or self.zoom > 0 or self.flip


def draw_transforms(augmentation: Augmentation, films: int, size: int, seed: int, epoch: int) -> np.ndarray:
    """Draw one transform a film; row i depends on (seed, epoch, i) alone, whatever the order of the batches.

    Returns:
        (films, 8) float32: a0 a1 a2 b0 b1 b2 0 0, as TensorFlow's ``ImageProjectiveTransformV3`` has them: an output
        pixel (x, y) is read from (a0 x + a1 y + a2, b0 x + b1 y + b2) of the input.
    """
    return _transforms(augmentation, np.random.default_rng([seed, epoch]).random((films, 3)), size)


def film_transforms(augmentation: Augmentation, films: list[str], size: int, seed: int, view: int) -> np.ndarray:
    """Draw one transform a film that depends on (seed, view, film) alone, whatever set the film is in.

    Args:
        augmentation: The ranges.
        films: SHA-256 of each film's file, hexadecimal.
        size: Side of the films in pixels.
        seed, view: Numbers of the draw.

    Returns:
        (films, 8) float32, as ``draw_transforms``.
    """
    draws = [np.random.default_rng([seed, view, int(film, 16)]).random(3) for film in films]
    return _transforms(augmentation, np.array(draws), size)


def _transforms(augmentation: Augmentation, draws: np.ndarray, size: int) -> np.ndarray:
    angle = np.deg2rad(augmentation.rotation) * (2 * draws[:, 0] - 1)
    scale = 1 + augmentation.zoom * (2 * draws[:, 1] - 1)
    mirror = np.where(augmentation.flip & (draws[:, 2] < 0.5), -1.0, 1.0)
    return affine(angle, scale, mirror, size)


def affine(angle: np.ndarray, scale: np.ndarray, mirror: np.ndarray, size: int) -> np.ndarray:
    """Transforms about the film's centre: ``angle`` in radians, ``scale`` > 1 shows more of the film (smaller),
    ``mirror`` −1 flips left to right; each (n,). Returns (n, 8) float32."""
    centre = (size - 1) / 2
    a0, a1 = mirror * scale * np.cos(angle), -mirror * scale * np.sin(angle)
    b0, b1 = scale * np.sin(angle), scale * np.cos(angle)
    zero = np.zeros_like(a0)
    rows = [a0, a1, centre - a0 * centre - a1 * centre, b0, b1, centre - b0 * centre - b1 * centre, zero, zero]
    return np.stack(rows, axis=1).astype(np.float32)


def warp(films, transforms):
    """Apply (batch, 8) transforms to (batch, height, width, channels) float32 films, bilinear, black outside.

    OpenCV before 5 rounds the positions to 1/32 pixel.
    """
    import tensorflow as tf

    # OpenCV needs a fifth of the processor time of TensorFlow's ImageProjectiveTransformV3, for the same gray levels.
    warped = tf.numpy_function(_warp, [films, transforms], tf.float32, stateful=False)
    return tf.ensure_shape(warped, films.shape)


def _warp(films: np.ndarray, transforms: np.ndarray) -> np.ndarray:
    warped = np.empty_like(films)
    height, width = films.shape[1:3]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for film, transform, target in zip(films, transforms[:, :6].reshape(-1, 2, 3), warped, strict=True):
        target[...] = cv2.warpAffine(film, transform, (width, height), flags=flags).reshape(film.shape)
    return warped

"""Rotation, zoom, shift, crop and flip in one affine warp: one interpolation, and one pass over the pixels."""

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
        translation: Share of the film's side by which it is shifted at most, along and across (uniform).
        vertical_flip: Share of the films that are put upside down.
        crop: Smallest share of the film's area that a crop at a random place keeps (uniform up to all of it); 0 is
            off. The crop keeps the film's aspect.
    """

    rotation: float = 18.0
    zoom: float = 0.05
    flip: bool = True
    translation: float = 0.0
    vertical_flip: float = 0.0
    crop: float = 0.0

    @property
    def active(self) -> bool:
        """Whether anything is varied at all."""
        return any(dataclasses.astuple(self))


def draw_transforms(augmentation: Augmentation, films: int, size: int, seed: int, epoch: int) -> np.ndarray:
    """Draw one transform a film; row i depends on (seed, epoch, i) alone, whatever the order of the batches.

    Returns:
        (films, 8) float32: a0 a1 a2 b0 b1 b2 0 0, as TensorFlow's ``ImageProjectiveTransformV3`` has them: an output
        pixel (x, y) is read from (a0 x + a1 y + a2, b0 x + b1 y + b2) of the input.
    """
    first, more = np.random.default_rng([seed, epoch]), np.random.default_rng([seed, epoch, 1])
    return _transforms(augmentation, np.hstack([first.random((films, 3)), more.random((films, 6))]), size)


def film_transforms(augmentation: Augmentation, films: list[str], size: int, view: int) -> np.ndarray:
    """Draw one transform a film that depends on (view, film) alone, whatever set the film is in.

    Args:
        augmentation: The ranges.
        films: SHA-256 of each film's file, hexadecimal.
        size: Side of the films in pixels.
        view: Number of the draw.

    Returns:
        (films, 8) float32, as ``draw_transforms``.
    """
    draws = [np.random.default_rng([view, int(film, 16)]).random(9) for film in films]
    return _transforms(augmentation, np.array(draws), size)


def _transforms(augmentation: Augmentation, draws: np.ndarray, size: int) -> np.ndarray:
    """``draws`` (films, 9) in [0, 1): angle, zoom, mirror; shift along and across, upside down; crop and its place."""
    turn, zoom, mirror, *shift, upside, area, across, along = draws.T
    angle = np.deg2rad(augmentation.rotation) * (2 * turn - 1)
    scale = 1 + augmentation.zoom * (2 * zoom - 1)
    mirrored = np.where(augmentation.flip & (mirror < 0.5), -1.0, 1.0)
    transforms = affine(angle, scale, mirrored, size)
    if augmentation.translation or augmentation.vertical_flip or augmentation.crop:
        # What the warp reads from is a part of the film, moved or upside down: a second map behind the first.
        side = np.sqrt(1 - (1 - augmentation.crop) * area) if augmentation.crop else np.ones(len(draws))
        place = np.stack([across, along]) * (1 - side) * (size - 1)
        place += augmentation.translation * size * (2 * np.stack(shift) - 1)
        upright = np.where(upside < augmentation.vertical_flip, -1.0, 1.0)
        transforms[:, :3] = side[:, None] * transforms[:, :3]
        transforms[:, 2] += place[0]
        transforms[:, 3:6] = (side * upright)[:, None] * transforms[:, 3:6]
        transforms[:, 5] += place[1] + np.where(upright < 0, side * (size - 1), 0.0)
    return transforms


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

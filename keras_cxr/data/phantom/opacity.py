"""Consolidations: soft, irregular, inside a lung."""

import cv2
import numpy as np

from keras_cxr.data.phantom.canvas import Canvas, clouds

Box = tuple[int, int, int, int]


def draw_opacities(
    rng: np.random.Generator, canvas: Canvas, lungs: np.ndarray, air: np.ndarray
) -> tuple[np.ndarray, list[Box]]:
    """Draw one to three opacities of random place, size and strength.

    Args:
        rng: Source of chance.
        canvas: The film plane.
        lungs: uint8 0 or 255, (height, width).
        air: float32 (height, width), 0 to 1: the depth of air along the beam, which fluid can replace.

    Returns:
        The share of the deepest lung's air that is replaced (float32, 0 outside the lungs to 1), and one box
        (x, y, width, height) in pixels an opacity, drawn around where that reaches 30 % of the opacity's strength.
    """
    filled, boxes = np.zeros(canvas.shape, np.float32), []
    # Keep away from the outline, where half of an opacity would be cut off.
    ys, xs = np.nonzero(cv2.distanceTransform(lungs, cv2.DIST_L2, 3) > 0.09 * canvas.unit)
    room = canvas.soft(lungs, 0.012) * (lungs > 0) * air
    wanted = rng.choice(3, p=(0.6, 0.3, 0.1)) + 1
    while len(boxes) < wanted:
        pick = rng.integers(len(xs))
        shape = _blob(rng, canvas, xs[pick], ys[pick]) * room
        x, y, width, height = box = cv2.boundingRect((shape > 0.3).astype(np.uint8))
        if min(width, height) < 0.08 * canvas.unit or not lungs[y + height // 2, x + width // 2]:
            continue
        filled = np.maximum(filled, shape * np.float32(rng.uniform(0.7, 1)))
        boxes.append(box)
    return filled, boxes


def _blob(rng: np.random.Generator, canvas: Canvas, x: int, y: int) -> np.ndarray:
    """One opacity of strength 1 around (x, y): an ellipse with a ragged edge and a mottled inside."""
    radius, stretch, turn = rng.uniform(0.15, 0.24) * canvas.unit, rng.uniform(0.75, 1.33), rng.uniform(0, np.pi)
    # It is smooth: a grid of about 200 holds all of it.
    step = max(1, canvas.shape[0] // 200)
    shape = (canvas.shape[0] // step, canvas.shape[1] // step)
    dx = np.arange(shape[1], dtype=np.float32) * step - x
    dy = (np.arange(shape[0], dtype=np.float32) * step - y)[:, None]
    cos, sin = np.float32(np.cos(turn) / radius), np.float32(np.sin(turn) / radius)
    along, across = (cos * dx + sin * dy) * np.float32(stretch), (cos * dy - sin * dx) / np.float32(stretch)
    distance = np.hypot(along, across) * (1 + np.float32(0.22) * clouds(rng, 14, shape))
    edge = np.clip((np.float32(1.3) - distance) / np.float32(0.9), 0, 1)
    mottled = np.clip(np.float32(0.85) + np.float32(0.15) * clouds(rng, 40, shape), 0.4, 1)
    return cv2.resize(edge * edge * (3 - 2 * edge) * mottled, canvas.shape[::-1], interpolation=cv2.INTER_LINEAR)

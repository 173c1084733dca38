"""One synthetic frontal chest film: layers of attenuation, summed, exposed and labelled."""

from dataclasses import dataclass, replace

import numpy as np

from keras_cxr.data.phantom import anatomy as shapes
from keras_cxr.data.phantom.anatomy import SIDES, Anatomy
from keras_cxr.data.phantom.canvas import Canvas, clouds, depth
from keras_cxr.data.phantom.hospital import HOSPITALS, Hospital, burn_in, collimate, expose
from keras_cxr.data.phantom.opacity import Box, draw_opacities
from keras_cxr.errors import unknown_name

_AIR = 0.5  # attenuation that the deepest lung lacks for its air


@dataclass
class Film:
    """A film and what is known about it.

    Args:
        pixels: uint8 (height, width), 0 black to 255 white, SYNTHETIC burned in at the lower left.
        lungs: uint8 (height, width), 255 in the lung fields, else 0.
        boxes: (x, y, width, height) in pixels, one an opacity; empty without pneumonia.
        view: "PA" or "AP".
    """

    pixels: np.ndarray
    lungs: np.ndarray
    boxes: list[Box]
    view: str


def draw_film(rng: np.random.Generator, anatomy: Anatomy, hospital: str, pneumonia: bool, size: int = 512) -> Film:
    """Draw a film of a patient.

    The sick and the well film of an equally seeded ``rng`` differ by the opacities alone: everything else has its own
    stream of chance and none of it looks at ``pneumonia``.

    Args:
        rng: A freshly seeded generator, as from ``numpy.random.default_rng``.
        anatomy: The patient, from ``draw_anatomy``.
        hospital: "a" or "b".
        pneumonia: Whether to draw opacities.
        size: Height in pixels; hospital a's films are square, hospital b's 15/16 as wide.

    Raises:
        UsageError: An unknown hospital.
    """
    if hospital not in HOSPITALS:
        raise unknown_name("hospital", hospital, HOSPITALS)
    site = HOSPITALS[hospital]
    pose, tissue, disease, exposure, label = rng.spawn(5)
    view = "AP" if pose.random() < site.anteroposterior else "PA"
    # From the front the heart is farther from the detector and the breath is shallower.
    heart, breath = (1.09, 0.95) if view == "AP" else (1.0, 1.0)
    height = anatomy.height * breath * pose.normal(1, 0.015)
    anatomy = replace(anatomy, heart=anatomy.heart * heart, height=height)
    canvas = Canvas((size, round(size * site.aspect)), _placement(pose))
    attenuation, lungs, air = _thorax(tissue, canvas, anatomy, site)
    boxes = []
    if pneumonia:
        filled, boxes = draw_opacities(disease, canvas, lungs, air)
        attenuation += np.float32(_AIR * anatomy.aeration) * filled
    gray = expose(exposure, attenuation, site)
    collimate(exposure, gray, site)
    pixels = np.clip(np.round(gray), 0, 255).astype(np.uint8)
    burn_in(label, pixels, site)
    return Film(pixels, lungs, boxes, view)


def _placement(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A small turn, scale, shear and shift: no patient stands twice alike."""
    turn, scale, shear = np.radians(rng.normal(0, 2)), rng.normal(1, 0.03), rng.normal(0, 0.02)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return scale * rotation @ np.array([[1, shear], [0, 1]]), rng.normal((0, 0.03), 0.02, 2)


def _thorax(
    rng: np.random.Generator, canvas: Canvas, anatomy: Anatomy, site: Hospital
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Attenuation (float32; air 0, the middle of the body about 1), the lung mask and the depth of air (0 to 1)."""
    body = canvas.region(shapes.body_outline(anatomy))
    fields = canvas.region(*(shapes.lung_outline(anatomy, side) for side in SIDES))
    heart = canvas.region(shapes.heart_outline(anatomy))
    middle = canvas.region(shapes.mediastinum_outline(anatomy))
    lungs = fields & ~(heart | middle)
    air = canvas.soft(depth(fields, 0.28 * canvas.unit), 0.012)
    inside = canvas.soft(lungs, 0.01)

    layers = np.float32(0.78 * anatomy.habitus) * depth(body, 0.35 * canvas.unit)
    layers -= np.float32(_AIR * anatomy.aeration) * air
    # Below the diaphragm liver and bowel take the place of the heart, without a line between them.
    rows = (np.arange(canvas.shape[0], dtype=np.float32) / canvas.unit - 1)[:, None]
    above = 1 / (1 + np.exp(np.float32(14) * (rows - np.float32(0.43 * anatomy.height))))
    layers += np.float32(0.15) * (1 - above) * (body > 0)
    layers += np.float32(0.34) * above * canvas.soft(depth(heart, 0.22 * canvas.unit), 0.012)
    layers += np.float32(0.22) * (np.float32(0.1) + np.float32(0.9) * above) * canvas.soft(middle, 0.02)
    layers += _bones(canvas, anatomy, np.float32(anatomy.bone * site.bone)) * (body > 0)
    layers += inside * _markings(rng, canvas, anatomy)
    layers += _soft_parts(canvas, anatomy)
    layers += np.float32(0.03) * clouds(rng, 4, canvas.shape) * (body > 0)
    return np.maximum(layers, 0), lungs, air


def _bones(canvas: Canvas, anatomy: Anatomy, strength: float) -> np.ndarray:
    """Ribs, collarbones, shoulder blades and spine."""
    blades = canvas.region(*(shapes.scapula_outline(anatomy, side) for side in SIDES))
    heights = np.linspace(-1.1, 1.1, 19) * anatomy.height
    vertebrae = np.array([[(-0.065, y), (0.065, y)] for y in heights])
    layer = np.float32(0.085) * canvas.soft(canvas.tubes(shapes.posterior_ribs(anatomy), 0.052), 0.005)
    layer += np.float32(0.060) * canvas.soft(canvas.tubes(shapes.anterior_ribs(anatomy), 0.062), 0.009)
    layer += np.float32(0.110) * canvas.soft(canvas.tubes(shapes.clavicles(anatomy), 0.058), 0.006)
    layer += np.float32(0.045) * canvas.soft(blades, 0.010)
    layer += np.float32(0.070) * canvas.soft(canvas.strokes(vertebrae, 0.085), 0.010)
    return layer * strength


def _markings(rng: np.random.Generator, canvas: Canvas, anatomy: Anatomy) -> np.ndarray:
    """Vessels that thin out from the hila, and the fine unevenness of lung tissue."""
    trees = [shapes.vessel_tree(anatomy, side) for side in SIDES]
    vessels = np.zeros(canvas.shape, np.uint8)
    for generation in reversed(range(5)):
        curves = np.concatenate([tree[generation] for tree in trees])
        canvas.strokes(curves, 0.030 * 0.66**generation, 255 - 35 * generation, vessels)
    hila = shapes.both_sides([[(0.15, -0.22), (0.19, -0.08), (0.17, 0.06)]])
    layer = np.float32(0.09) * canvas.soft(vessels, 0.005)
    layer += np.float32(0.10) * canvas.soft(canvas.strokes(hila, 0.11), 0.035)
    layer += np.float32(0.012) * clouds(rng, 12, canvas.shape) + np.float32(0.010) * clouds(rng, 45, canvas.shape)
    return layer * np.float32(anatomy.markings)


def _soft_parts(canvas: Canvas, anatomy: Anatomy) -> np.ndarray:
    """Breasts, the windpipe's air and, in half of the patients, gas in the stomach."""
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    round_ = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    breasts = canvas.region(*(round_ * (0.32, 0.36) + (side * 0.47, 0.16) for side in SIDES))
    layer = np.float32(0.07 * anatomy.breast) * depth(breasts, 0.25 * canvas.unit)
    windpipe = np.array([[(0, -1.2), (0.0, -0.7), (-0.015, -0.32)]]) * (1, anatomy.height)
    layer -= np.float32(0.13) * canvas.soft(canvas.strokes(windpipe, 0.085), 0.012)
    gas = canvas.region(round_ * (0.17, 0.10) + (0.42, 0.58 * anatomy.height))
    layer -= np.float32(0.25 * anatomy.stomach_bubble) * canvas.soft(gas, 0.03)
    return layer

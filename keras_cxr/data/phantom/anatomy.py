"""One synthetic patient: proportions drawn once, and the curves of the thorax that follow from them.

Coordinates are those of the film plane: x from -1 (image left, the patient's right) to 1, y from -1 (top) to 1.
``side`` is -1 for the image left and 1 for the image right.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

SIDES = (-1, 1)


@dataclass(frozen=True)
class Anatomy:
    """The proportions of one patient, factors around 1 unless said otherwise.

    ``age`` in years, ``sex`` "F" or "M", ``aeration`` how dark the lungs are, ``markings`` how strong their vessels,
    ``breast`` and ``stomach_bubble`` strengths from 0, ``seed`` fixes the vessel tree and the small irregularities.
    """

    age: int
    sex: str
    width: float
    height: float
    heart: float
    heart_tilt: float
    dome: float
    rib_spacing: float
    bone: float
    habitus: float
    aeration: float
    markings: float
    breast: float
    stomach_bubble: float
    seed: int


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw an adult patient of 19 to 90 years. No proportion knows whether the patient is sick."""
    sex = "F" if rng.random() < 0.48 else "M"
    age = int(np.clip(rng.normal(54, 16), 19, 90))
    return Anatomy(
        age=age,
        sex=sex,
        width=rng.normal(1.0 if sex == "M" else 0.96, 0.035),
        height=rng.normal(1.0 if sex == "M" else 0.95, 0.04),
        heart=rng.normal(0.96 + 0.002 * (age - 54), 0.06),
        heart_tilt=rng.normal(32, 6),
        dome=rng.normal(1, 0.15),
        rib_spacing=rng.normal(1, 0.03),
        bone=rng.normal(1.05 - 0.003 * (age - 54), 0.12),
        habitus=rng.normal(1, 0.05),
        aeration=rng.normal(1, 0.06),
        markings=float(np.clip(rng.normal(1, 0.2), 0.5, 1.6)),
        breast=rng.uniform(0.4, 1.3) if sex == "F" else rng.uniform(0, 0.2),
        stomach_bubble=rng.uniform(0.4, 1) if rng.random() < 0.5 else 0.0,
        seed=int(rng.integers(2**32)),
    )


def smooth(points: object, count: int = 60) -> np.ndarray:
    """A smooth open curve through ``points`` (n, 2), sampled at ``count`` places: (count, 2)."""
    points = np.asarray(points, float)
    along = np.r_[0, np.cumsum(np.hypot(*np.diff(points, axis=0).T))]
    return CubicSpline(along, points)(np.linspace(0, along[-1], count))


def _wall(anatomy: Anatomy) -> PchipInterpolator:
    """The inner chest wall's |x| by y."""
    y = np.array([-0.80, -0.70, -0.50, -0.15, 0.2, 0.6, 1.0]) * anatomy.height
    return PchipInterpolator(y, np.array([0.40, 0.50, 0.61, 0.71, 0.77, 0.80, 0.79]) * anatomy.width)


def lung_outline(anatomy: Anatomy, side: int) -> np.ndarray:
    """The closed outline (n, 2) of one lung field, the heart not yet taken out."""
    w, h = anatomy.width, anatomy.height
    low = 0.47 if side > 0 else 0.42
    angle = (float(_wall(anatomy)(0.56 * h)), 0.56 * h)
    medial = [(0.12, low * h), (0.115, 0), (0.13, -0.42 * h), (0.16 * w, -0.68 * h), (0.28 * w, -0.85 * h)]
    y = np.array([-0.76, -0.55, -0.2, 0.15, 0.4]) * h
    outer = smooth([*medial, *zip(_wall(anatomy)(y), y, strict=True), angle])
    top = (low - 0.13 * anatomy.dome) * h
    dome = smooth([angle, (0.70 * w, top + 0.08 * h), (0.50 * w, top), (0.30 * w, top), (0.12, low * h)])
    return np.concatenate([outer, dome[1:-1]]) * (side, 1)


def body_outline(anatomy: Anatomy) -> np.ndarray:
    """The closed outline (n, 2) of neck, shoulders and trunk; it runs out of the film below and above."""
    w = 0.5 + 0.5 * anatomy.width * anatomy.habitus
    half = [(0.20, -1.5), (0.21, -1.0), (0.34, -0.90), (0.80 * w, -0.80), (1.04 * w, -0.62), (1.0 * w, -0.3)]
    half = smooth([*half, (0.94 * w, -0.05), (0.93 * w, 0.3), (0.95 * w, 0.7), (0.97 * w, 1.5)])
    return np.concatenate([half, (half * (-1, 1))[::-1]])


def heart_outline(anatomy: Anatomy) -> np.ndarray:
    """The closed outline (n, 2) of the heart shadow."""
    turn = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    x, y = 0.37 * anatomy.heart * np.cos(turn), 0.255 * anatomy.heart * np.sin(turn) * (1 - 0.12 * np.cos(turn))
    tilt = np.radians(anatomy.heart_tilt)
    centre = np.array([0.115, 0.26 * anatomy.height])
    return np.stack([x * np.cos(tilt) - y * np.sin(tilt), x * np.sin(tilt) + y * np.cos(tilt)], axis=1) + centre


def mediastinum_outline(anatomy: Anatomy) -> np.ndarray:
    """The closed outline (n, 2) of great vessels, aortic knob and what lies before the spine."""
    h = anatomy.height
    left = [
        (0.10, -1.2),
        (0.115, -0.7 * h),
        (0.135, -0.5 * h),
        (0.20, -0.36 * h),
        (0.155, -0.22 * h),
        (0.17, 0),
        (0.16, 1),
    ]
    right = [(-0.12, 1), (-0.13, 0.1), (-0.135, -0.2 * h), (-0.15, -0.4 * h), (-0.13, -0.65 * h), (-0.10, -1.2)]
    return np.concatenate([smooth(left), smooth(right)])


def both_sides(curves: object) -> np.ndarray:
    """Curves (n, points, 2) of the image right followed by their mirror images."""
    curves = np.asarray(curves)
    return np.concatenate([curves, curves * (-1, 1)])


def posterior_ribs(anatomy: Anatomy) -> np.ndarray:
    """Curves (20, points, 2) from the spine to the chest wall, ten a side."""
    wall, ribs = _wall(anatomy), []
    for number in range(10):
        y = (-0.80 + 0.125 * number * anatomy.rib_spacing) * anatomy.height
        drop = 0.05 + 0.024 * number
        reach = float(wall(np.clip(y + drop, -0.8 * anatomy.height, 1))) + 0.02
        curve = [
            (0.07, y),
            (0.4 * reach, y - 0.045 + 0.2 * drop),
            (0.8 * reach, y - 0.01 + 0.55 * drop),
            (reach, y + drop),
        ]
        ribs.append(smooth(curve, 24))
    return both_sides(ribs)


def anterior_ribs(anatomy: Anatomy) -> np.ndarray:
    """Fainter curves (12, points, 2) from the chest wall down towards the sternum, ending where cartilage begins."""
    wall, ribs = _wall(anatomy), []
    for number in range(6):
        y = (-0.72 + 0.15 * number * anatomy.rib_spacing) * anatomy.height
        reach = float(wall(y)) + 0.02
        curve = [(reach, y), (0.93 * reach, y + 0.10), (0.70 * reach, y + 0.21), (0.36, y + 0.25 + 0.012 * number)]
        ribs.append(smooth(curve, 24))
    return both_sides(ribs)


def clavicles(anatomy: Anatomy) -> np.ndarray:
    """The curves (2, points, 2) of the collarbones."""
    y = np.array([-0.60, -0.66, -0.76, -0.79, -0.76]) * anatomy.height
    return both_sides([smooth(np.stack([(0.07, 0.25, 0.48, 0.70, 0.86), y], axis=1), 30)])


def scapula_outline(anatomy: Anatomy, side: int) -> np.ndarray:
    """The closed outline (n, 2) of one shoulder blade, turned outwards as for a frontal film."""
    w, h = anatomy.width, anatomy.height
    outline = [(0.60, -0.66), (0.86, -0.70), (0.93, -0.52), (0.83, -0.35), (0.77, -0.02), (0.71, -0.06), (0.64, -0.4)]
    return np.array(outline) * (side * w, h)


def vessel_tree(anatomy: Anatomy, side: int) -> list[np.ndarray]:
    """Bronchovascular markings of one lung: by generation, curves (n, 5, 2) that fan out from the hilum and fork."""
    rng = np.random.default_rng((anatomy.seed, side + 1))
    tips = np.tile((0.17, -0.10 * anatomy.height), (9, 1)) + rng.normal(0, (0.015, 0.07), (9, 2))
    heading = np.linspace(-1.45, 1.45, 9) + rng.normal(0, 0.12, 9)
    generations = []
    for generation in range(5):
        length = (0.17 - 0.017 * generation) * rng.uniform(0.7, 1.25, len(tips))
        curves = [tips]
        for bend in rng.normal(0, 0.22, (4, len(tips))):
            heading = heading + bend
            tips = tips + (length / 4)[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1)
            curves.append(tips)
        generations.append(np.stack(curves, axis=1) * (side, 1))
        fork = rng.uniform(0.2, 0.6, len(tips))
        tips, heading = np.repeat(tips, 2, axis=0), np.stack([heading - fork, heading + fork], axis=1).ravel()
    return generations

"""Two hospitals that image the same patients differently: tube, detector, display curve, collimation and marker."""

from dataclasses import dataclass

import cv2
import numpy as np

LABEL = "SYNTHETIC"


@dataclass(frozen=True)
class Hospital:
    """How a hospital takes and stores a film.

    Args:
        letter: The name.
        aspect: Width over height.
        sick: Of how many successive patients how many have pneumonia: (sick, patients).
        anteroposterior: The share of films taken from the front.
        bone: How strongly bone shows (more at a lower tube voltage).
        steepness, centre: Mean of the display curve's slope and of the attenuation shown as middle gray.
        noise: Deviation of the quantum noise, in attenuation, where nothing is in the beam.
        blur: The detector's blur in film units.
        border: Greatest width of the unexposed frame, in film units.
        marker_corner: Height of the side marker, 0 (top) to 1.
        font: OpenCV's font of the side marker.
    """

    letter: str
    aspect: float
    sick: tuple[int, int]
    anteroposterior: float
    bone: float
    steepness: float
    centre: float
    noise: float
    blur: float
    border: float
    marker_corner: float
    font: int


HOSPITALS = {
    "a": Hospital("a", 1, (2, 4), 0.2, 1.0, 4.2, 0.62, 0.012, 0.0030, 0, 0.10, cv2.FONT_HERSHEY_SIMPLEX),
    "b": Hospital("b", 15 / 16, (2, 5), 0.6, 1.6, 6.0, 0.53, 0.025, 0.0050, 0.12, 0.80, cv2.FONT_HERSHEY_TRIPLEX),
}


def expose(rng: np.random.Generator, attenuation: np.ndarray, hospital: Hospital) -> np.ndarray:
    """Attenuation (height, width) as gray levels 0 to 255, float32, the dense bright.

    Noise has the deviation of counted photons, of which fewer arrive where more is absorbed.
    """
    unit = min(attenuation.shape) / 2
    steepness = hospital.steepness * rng.normal(1, 0.10)
    centre = hospital.centre + rng.normal(0, 0.05)
    noise = hospital.noise * np.exp(rng.normal(0, 0.25))
    grain = rng.standard_normal(attenuation.shape, np.float32) * np.float32(noise)
    noisy = attenuation + grain * np.exp(np.float32(0.8) * attenuation)
    noisy = cv2.GaussianBlur(noisy, (0, 0), max(0.3, hospital.blur * unit))
    shown = np.float32(255) / (1 + np.exp(np.float32(-steepness) * (noisy - np.float32(centre))))
    # The floor of the curve is no air: stretch it so that an empty beam is black.
    floor = 255 / (1 + np.exp(steepness * centre))
    return (shown - np.float32(floor)) * np.float32(255 / (255 - floor))


def collimate(rng: np.random.Generator, gray: np.ndarray, hospital: Hospital) -> None:
    """Blacken, in place, a frame of random width at each edge."""
    unit = min(gray.shape) / 2
    top, bottom, left, right = np.round(rng.uniform(0.15, 1, 4) * hospital.border * unit).astype(int)
    height, width = gray.shape
    gray[:top] = gray[height - bottom :] = 0
    gray[:, :left] = gray[:, width - right :] = 0


def burn_in(rng: np.random.Generator, pixels: np.ndarray, hospital: Hospital) -> None:
    """Write, in place, the word SYNTHETIC at the lower left and a side marker, the same for sick and well."""
    height, width = pixels.shape
    scale = min(height, width) / 512
    # The least scale at which the letters stay readable.
    size = max(0.55 * scale, 0.3)
    (wide, high), base = cv2.getTextSize(LABEL, cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    corner = (max(2, round(6 * scale)), height - base - round(4 * scale))
    cv2.rectangle(pixels, (0, corner[1] - high - base), (corner[0] + wide + base, height), 0, -1)
    cv2.putText(pixels, LABEL, corner, cv2.FONT_HERSHEY_SIMPLEX, size, 230, max(1, round(scale)), cv2.LINE_AA)
    letter = "L" if rng.random() < 0.5 else "R"
    jitter_x, jitter_y = rng.uniform(-0.02, 0.02, 2)
    x = (0.90 if letter == "L" else 0.05) + jitter_x
    y = hospital.marker_corner + jitter_y
    place = (round(x * width), round(y * height))
    # A dark rim keeps the letter readable on a bright ground.
    for gray, thick in ((0, 6), (245, 2)):
        cv2.putText(pixels, letter, place, hospital.font, 1.1 * scale, gray, max(1, round(thick * scale)), cv2.LINE_AA)

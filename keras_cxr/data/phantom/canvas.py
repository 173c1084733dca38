"""A film plane on which anatomy is drawn as soft layers."""

import cv2
import numpy as np

_SHIFT = 4  # OpenCV takes pixel coordinates in sixteenths


class Canvas:
    """Draws curves given in film coordinates (-1 to 1) as float32 layers (height, width) with values 0 to 1.

    Args:
        shape: (height, width) in pixels.
        placement: 2 x 2 matrix and shift (2,) that place the patient on the film.
    """

    def __init__(self, shape: tuple[int, int], placement: tuple[np.ndarray, np.ndarray]):
        self.shape = shape
        self.unit = min(shape) / 2
        self._matrix, self._shift = placement

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Film coordinates (..., 2) as x, y in pixels."""
        return (points @ self._matrix.T + self._shift) * self.unit + np.array(self.shape[::-1]) / 2 - 0.5

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        return np.round(self.pixels(points) * (1 << _SHIFT)).astype(np.int32)

    def region(self, *outlines: np.ndarray) -> np.ndarray:
        """Closed outlines, filled: uint8 0 or 255."""
        layer = np.zeros(self.shape, np.uint8)
        for outline in outlines:
            cv2.fillPoly(layer, [self._fixed(outline)], 255, cv2.LINE_8, _SHIFT)
        return layer

    def soft(self, layer: np.ndarray, blur: float) -> np.ndarray:
        """A layer, uint8 or already float32 0 to 1, as float32 0 to 1, blurred by ``blur`` film units."""
        if layer.dtype == np.uint8:
            layer = layer * np.float32(1 / 255)
        # A wide blur costs by its width and loses nothing on a coarser grid.
        coarse = max(1, int(blur * self.unit / 3))
        small = cv2.resize(layer, (self.shape[1] // coarse, self.shape[0] // coarse), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), max(blur * self.unit / coarse, 0.3), borderType=cv2.BORDER_REPLICATE)
        return small if coarse == 1 else cv2.resize(small, self.shape[::-1], interpolation=cv2.INTER_LINEAR)

    def strokes(self, curves: np.ndarray, width: float, gray: int = 255, onto: np.ndarray | None = None) -> np.ndarray:
        """Open curves (n, points, 2) of ``width`` film units as a uint8 layer, drawn over ``onto`` if given."""
        layer = np.zeros(self.shape, np.uint8) if onto is None else onto
        wide = width * self.unit
        # Below a pixel a line cannot get thinner, only fainter.
        gray = round(gray * min(1, wide))
        cv2.polylines(layer, list(self._fixed(curves)), False, gray, max(1, round(wide)), cv2.LINE_AA, _SHIFT)
        return layer

    def tubes(self, curves: np.ndarray, width: float) -> np.ndarray:
        """Curves as bones show: a bright cortex at the edges of a fainter middle; uint8."""
        layer = self.strokes(curves, width)
        return self.strokes(curves, 0.6 * width, 170, layer)


def clouds(rng: np.random.Generator, grid: int, shape: tuple[int, int]) -> np.ndarray:
    """A smooth random field, float32, mean 0 and deviation about 1, with about ``grid`` bumps across."""
    coarse = rng.standard_normal((grid, grid), np.float32)
    return cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)


def depth(region: np.ndarray, scale: float) -> np.ndarray:
    """How thick a rounded body with this outline is along the beam: float32, 0 outside, 1 from ``scale`` px inwards."""
    inside = cv2.distanceTransform(region, cv2.DIST_L2, 3)
    inside = np.minimum(inside / scale, 1, out=inside)
    return np.sqrt(inside * (2 - inside), out=inside)

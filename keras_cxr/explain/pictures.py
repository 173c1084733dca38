"""One film and its map to files: the overlay, and the map as numbers."""

import dataclasses
import functools
import pathlib

import numpy as np

from keras_cxr.data.films import Film, picture_of
from keras_cxr.data.geometry import to_film
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.explain.explainer import Explanation
from keras_cxr.files import whole_file
from keras_cxr.report.overlays import levels, overlay_figure

# Pixels of a large film's shorter side in its picture: to write more can take longer than the network.
SIDE = 512


@dataclasses.dataclass(frozen=True)
class Pictures:
    """How maps are written.

    Attributes:
        full_size: Picture large films in their own size, not with a shorter side of 512 pixels, which is faster.
        contour: Draw a map's outlines on the film, not its colours.
        arrays: Also write each map as float32 ``.npy`` of the film's own size beside its picture, and what else the
            method has as ``.NAME.npy``.
    """

    full_size: bool = False
    contour: bool = False
    arrays: bool = False

    @property
    def side(self) -> int | None:
        """The pixels of a picture's shorter side; None: the film's own."""
        return None if self.full_size else SIDE

    def write(
        self, found: Explanation, preprocessing: Preprocessing, keep: bool, place: int, film: Film, path: pathlib.Path
    ) -> np.ndarray | None:
        """Write one film's.

        Args:
            found: On several films.
            preprocessing: How these came to their canvas.
            keep: Whether the map is wanted.
            place: The film's among those of ``found``.
            film: It, with a picture of ``side`` where it has one.
            path: The picture's file.

        Returns:
            The map at the film's own size, float32 (height, width) in [0, 1]; None where it is neither wanted nor
            written.
        """
        pixels = film.picture if film.picture is not None else picture_of(film.path, self.side)
        enlarged = functools.partial(to_film, preprocessing=preprocessing, region=film.region)
        row, shown = found.predictions.iloc[place], found.shown[place]
        caption = f"{pathlib.Path(film.path).name}: {row['label']} {row['probability']:.3f}"
        if shown != row["label"]:
            caption += f", map for {shown}"
        # A picture has 256 levels: enlarged as such they cost a quarter of the time.
        cover = enlarged(levels(found.maps[place]), *pixels.shape[::-1])
        overlay_figure(pixels, cover, caption, bool(found.empty[place]), path, shown, self.contour)
        if not (self.arrays or keep):
            return None
        heatmap = enlarged(found.maps[place], film.width, film.height)
        if self.arrays:
            _save(path.with_suffix(".npy"), heatmap)
            for name, extra in found.extras.items():
                _save(path.with_suffix(f".{name}.npy"), extra[place])
        return heatmap


def _save(path: pathlib.Path, array: np.ndarray) -> None:
    with whole_file(path) as temporary:
        np.save(temporary, array)

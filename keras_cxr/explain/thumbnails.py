"""Films as small pictures for a page, each beside its heatmap, as data URIs."""

import base64
import pathlib

import cv2
import numpy as np

from keras_cxr.data.films import Film, read_films
from keras_cxr.data.geometry import to_film
from keras_cxr.data.images import decode, read_bytes
from keras_cxr.data.preprocessing import Preprocessing
from keras_cxr.errors import CxrError
from keras_cxr.explain.explainer import Explainer
from keras_cxr.lungs.source import masks_for
from keras_cxr.report.overlays import blend

SIDE, QUALITY = 256, 82


def thumbnails(explainer: Explainer | None, paths: list[pathlib.Path]) -> list[list[tuple[str, str]]]:
    """Picture films.

    Args:
        explainer: What gives the heatmaps to lay beside the films; None for the films alone.
        paths: Film files.

    Returns:
        Of each file what its pictures show, and the pictures as JPEG data URIs of up to 256 pixels a side ('' where
        the heatmap is empty); none of a file that cannot be read.

    Raises:
        CxrError: The model sees lungs alone, and carries no lung model to find them.
    """
    pictures = [_film(path) for path in paths]
    shown = [[("film", _data_uri(gray))] if gray is not None else [] for gray in pictures]
    if explainer is None:
        return shown
    preprocessing = Preprocessing(**explainer.card.preprocessing)
    films = list(read_films([str(path) for path in paths], preprocessing, masks_for(explainer.model)))
    good = [place for place, film in enumerate(films) if film.pixels is not None and pictures[place] is not None]
    for start in range(0, len(good), explainer.films_at_once):
        chunk = good[start : start + explainer.films_at_once]
        found = explainer.explain([films[place] for place in chunk])
        for row, place in enumerate(chunk):
            if found.empty[row]:
                shown[place].append((f"no positive evidence for {found.shown[row]}", ""))
                continue
            gray = pictures[place]
            heatmap = _at_size(found.maps[row], gray, films[place], preprocessing)
            what = f"heatmap of {explainer.title} for {found.shown[row]}"
            shown[place].append((what, _data_uri(cv2.cvtColor(blend(gray, heatmap), cv2.COLOR_RGB2BGR))))
    return shown


def _film(path: pathlib.Path) -> np.ndarray | None:
    """Gray levels uint8 of up to 256 pixels a side; None where the film cannot be read."""
    try:
        gray, _ = decode(read_bytes(path), at_least=SIDE)
    except CxrError:
        return None
    scale = SIDE / max(gray.shape)
    size = tuple(max(1, round(side * scale)) for side in gray.shape[::-1])
    return cv2.resize(gray, size, interpolation=cv2.INTER_AREA) if scale < 1 else gray


def _at_size(canvas: np.ndarray, gray: np.ndarray, film: Film, preprocessing: Preprocessing) -> np.ndarray:
    """The map on the canvas as it lies on the small picture."""
    height, width = gray.shape
    # At the film's own size first: the padding of the canvas follows from its exact proportions.
    full = to_film(canvas, film.width, film.height, preprocessing, film.region)
    return cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA)


def _data_uri(picture: np.ndarray) -> str:
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"

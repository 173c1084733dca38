"""One picture a film: the film, the film under its heatmap, and a line that says what is shown."""

import functools
import os
import pathlib

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_cxr.errors import CxrError
from keras_cxr.files import whole_file

# Perceptually uniform, told apart with every colour blindness, and none of its colours is gray like the film.
COLOUR_MAP = "viridis"
STRONGEST_COVER = 0.6
# Of the strongest place, where `outline` draws its lines.
LINES = (0.25, 0.5, 0.75)
ENCODING = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_JPEG_QUALITY, 90]
PAPER, INK, FAINT = (24, 24, 24), (240, 240, 240), (170, 170, 170)


def overlay_figure(
    film: np.ndarray,
    heatmap: np.ndarray,
    caption: str,
    empty: bool,
    path: str | os.PathLike,
    class_name: str = "",
    contour: bool = False,
) -> None:
    """Write one picture: the film, beside it the film with the heatmap laid over, and below a strip with the caption.

    Both pictures have the film's own size in pixels. The map covers the film the more the stronger it is, so that
    weak places leave the film readable. The strip ends in the colour bar; where the map is empty the film is shown
    plain, and the strip says "no positive evidence for CLASS" instead.

    Args:
        film: uint8 (H, W).
        heatmap: (H, W), float in 0–1 or uint8 levels 0–255.
        caption: What is shown: label, probability. Shrunk, then cut with an ellipsis, to fit. Letters that DejaVu Sans
            lacks (Chinese, Japanese, Korean) appear as boxes.
        empty: Whether the map is zero everywhere.
        path: Where to write; its folder is made. Its suffix is the format: .png keeps every gray level, .jpg is
            written twenty times as fast and takes a fifth of the space.
        class_name: The class that the map explains, for the words under an empty map; default "this class".
        contour: Draw the map's outlines, see ``outline``, instead of laying its colours over the film.

    Raises:
        CxrError: A film or a map of another form.
    """
    film, heatmap = np.asarray(film), np.asarray(heatmap)
    if film.ndim != 2 or film.dtype != np.uint8 or heatmap.shape != film.shape:
        raise CxrError(
            "The film must be uint8 (height, width) and the heatmap as large. "
            f"Received: film {film.dtype} {film.shape}, heatmap {heatmap.shape}."
        )
    height, width = film.shape
    words = f"no positive evidence for {class_name or 'this class'}" if empty else None
    strip = _strip(2 * width + _gap(film), height, caption, words)
    figure = np.empty((height + len(strip), strip.shape[1], 3), np.uint8)
    figure[:height, width:-width] = PAPER
    figure[height:] = strip[..., ::-1]
    # Blue, green, red, as OpenCV writes pictures, and straight to their places: large arrays cost more than what is
    # computed in them.
    cv2.cvtColor(film, cv2.COLOR_GRAY2BGR, dst=figure[:height, :width])
    if empty:
        figure[:height, -width:] = figure[:height, :width]
    elif contour:
        figure[:height, -width:] = outline(film, heatmap)[..., ::-1]
    else:
        cv2.merge(_blended(film, heatmap)[::-1], dst=figure[:height, -width:])
    with whole_file(path) as temporary:
        # Through memory: OpenCV cannot write to every file name on every system.
        _, encoded = cv2.imencode(temporary.suffix, figure, ENCODING)
        temporary.write_bytes(encoded)


def blend(film: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Lay the colours of a heatmap over a film, each place covered in proportion to its strength.

    Args:
        film: uint8 (H, W).
        heatmap: (H, W), float in 0–1, where what lies outside is clipped and NaN counts as 0, or uint8 levels 0–255.

    Returns:
        uint8 RGB (H, W, 3).
    """
    return cv2.merge(_blended(film, heatmap))


def outline(film: np.ndarray, heatmap: np.ndarray) -> np.ndarray:
    """Draw on a film where a heatmap reaches a quarter, a half and three quarters, in the colours of these values.

    Args:
        film: uint8 (H, W).
        heatmap: As ``blend`` takes it.

    Returns:
        uint8 RGB (H, W, 3). Beside the lines, which a dark edge sets off, the film is as it was.
    """
    level = heatmap if heatmap.dtype == np.uint8 else levels(heatmap)
    drawn = cv2.cvtColor(film, cv2.COLOR_GRAY2RGB)
    width = max(2, min(film.shape) // 200)
    for share in LINES:
        reached = round(255 * share)
        lines, _ = cv2.findContours((level >= reached).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        for colour, wide in (((0, 0, 0), width + 2), (_colours()[reached].tolist(), width)):
            cv2.drawContours(drawn, lines, -1, colour, wide, cv2.LINE_AA)
    return drawn


def _blended(film: np.ndarray, heatmap: np.ndarray) -> list[np.ndarray]:
    """Red, green and blue of ``blend``."""
    level = heatmap if heatmap.dtype == np.uint8 else levels(heatmap)
    # (1 - cover) film + cover colour; cover and colour depend on the level alone, so both are looked up.
    uncovered, colours = _tables()
    seen = cv2.multiply(film, cv2.LUT(level, uncovered), scale=1 / 255)
    return [cv2.add(seen, cv2.LUT(level, colour)) for colour in colours]


def levels(heatmap: np.ndarray) -> np.ndarray:
    """The nearest of 256 levels, uint8 0–255, of a heatmap 0–1; what lies outside is clipped, NaN counts as 0."""
    return np.rint(255 * np.clip(np.nan_to_num(heatmap, nan=0.0), 0, 1)).astype(np.uint8)


@functools.cache
def _colours() -> np.ndarray:
    """The colour of each of 256 levels: uint8 RGB (256, 3)."""
    return (matplotlib.colormaps[COLOUR_MAP](np.arange(256))[:, :3] * 255 + 0.5).astype(np.uint8)


@functools.cache
def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Of each of 256 levels the share of the film that stays, all of it at 0, and the colours that are laid over.

    uint8, the share times 255, (256,); and (3, 256).
    """
    cover = STRONGEST_COVER * np.linspace(0, 1, 256) ** 0.8
    return np.rint(255 * (1 - cover)).astype(np.uint8), np.rint(_colours().T * cover).astype(np.uint8)


def _gap(film: np.ndarray) -> int:
    return max(2, film.shape[0] // 128)


def _strip(width: int, film_height: int, caption: str, words: str | None) -> np.ndarray:
    """The strip under the pictures: the caption on the left; on the right the colour bar, or ``words``."""
    size = max(12, min(film_height, width // 2) // 32)
    margin = size // 2
    strip = Image.new("RGB", (width, 2 * size + margin // 2), PAPER)
    draw = ImageDraw.Draw(strip)
    middle = strip.height // 2
    if words is None:
        right = _colour_bar(strip, draw, size)
    else:
        text, font = _fitted(words, size, width // 2 - 2 * margin)
        right = width - margin - round(font.getlength(text))
        draw.text((right, middle), text, FAINT, font, anchor="lm")
    text, font = _fitted(caption, size, right - 3 * margin)
    draw.text((margin, middle), text, INK, font, anchor="lm")
    return np.asarray(strip)


def _colour_bar(strip: Image.Image, draw: ImageDraw.ImageDraw, size: int) -> int:
    """Draw "weak", the colours and "strong" at the right end; return where that begins."""
    font, middle, margin = _font(round(size * 0.85)), strip.height // 2, size // 2
    end = strip.width - margin
    draw.text((end, middle), "strong", FAINT, font, anchor="rm")
    end -= round(font.getlength("strong")) + margin
    width = 5 * size
    bar = cv2.resize(_colours()[None], (width, max(4, size // 2)), interpolation=cv2.INTER_AREA)
    strip.paste(Image.fromarray(bar), (end - width, middle - len(bar) // 2))
    end -= width + margin
    draw.text((end, middle), "weak", FAINT, font, anchor="rm")
    return end - round(font.getlength("weak"))


def _fitted(text: str, size: int, width: int) -> tuple[str, ImageFont.FreeTypeFont]:
    """The text in one line, in the largest font up to ``size`` that fits ``width``, else small and cut with "…"."""
    text = " ".join(text.split())
    smallest = max(9, round(size * 0.75))
    for smaller in range(size, smallest - 1, -1):
        if _font(smaller).getlength(text) <= width:
            return text, _font(smaller)
    font = _font(smallest)
    low, high = 0, len(text)
    while low < high:
        half = (low + high + 1) // 2
        low, high = (half, high) if font.getlength(text[:half] + "…") <= width else (low, half - 1)
    return text[:low].rstrip() + "…", font


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # matplotlib brings the font along: the same letters on every system.
    return ImageFont.truetype(pathlib.Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), size)

"""Many small pictures on a sheet, each with a line below, in rows with a name."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from keras_cxr.files import whole_file

GAP, LINE, NAME = 6, 15, 88
PAPER, FRAME, INK, MARK = (255, 255, 255), (24, 24, 24), (30, 30, 30), (230, 159, 0)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture of a sheet.

    Attributes:
        gray: uint8 (H, W).
        caption: One short line.
    """

    gray: np.ndarray
    caption: str
    mark: tuple[float, float, float, float] | None = None
    """A rectangle to draw on it: left, top, right, bottom as shares of its sides."""


def contact_sheet(rows: Sequence[tuple[str, Sequence[Picture]]], path: str | os.PathLike, side: int = 112) -> None:
    """Write pictures as one PNG, each in a square with its proportions kept.

    Args:
        rows: Name and pictures of each row; one or more. The names have a column where there is one.
        path: The PNG file.
        side: Of the squares, pixels.
    """
    left = NAME if any(name for name, _ in rows) else GAP
    width = left + max(len(pictures) for _, pictures in rows) * (side + GAP)
    step = side + LINE + GAP
    sheet = Image.new("RGB", (width, GAP + len(rows) * step), PAPER)
    draw = ImageDraw.Draw(sheet)
    font, small = ImageFont.load_default(13), ImageFont.load_default(11)
    for number, (name, pictures) in enumerate(rows):
        top = GAP + number * step
        draw.text((GAP, top + side // 2), name, INK, font, anchor="lm")
        for place, picture in enumerate(pictures):
            x = left + place * (side + GAP)
            sheet.paste(_square(picture, side), (x, top))
            draw.text((x + side // 2, top + side + LINE // 2), picture.caption, INK, small, anchor="mm")
    with whole_file(path) as temporary:
        sheet.save(pathlib.Path(temporary), optimize=False, compress_level=4)


def _square(picture: Picture, side: int) -> Image.Image:
    height, width = picture.gray.shape
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    square = Image.new("RGB", (side, side), FRAME)
    corner = (side - size[0]) // 2, (side - size[1]) // 2
    square.paste(Image.fromarray(cv2.resize(picture.gray, size, interpolation=interpolation)), corner)
    if picture.mark:
        ends = [start + share * length for share, length, start in zip(picture.mark, size * 2, corner * 2, strict=True)]
        ImageDraw.Draw(square).rectangle([round(end) for end in ends], outline=MARK)
    return square

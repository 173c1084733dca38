"""Films to convert, and what a conversion wrote."""

import numpy as np
from PIL import Image

from keras_cxr.data.convert import JOURNAL

RNG = np.random.default_rng(5)
# Name, width, height.
SIZES = (("a/wide_1.png", 100, 60), ("a/tall_2.png", 50, 110), ("b/long_3.bmp", 200, 17), ("b/small_4.png", 30, 20))


def smooth(width, height, white=255):
    rows, columns = np.mgrid[:height, :width]
    return ((np.sin(columns / 9) + np.cos(rows / 7) + 2) / 4 * white).astype(np.uint16 if white > 255 else np.uint8)


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def class_folders(folder, sizes=SIZES):
    for name, width, height in sizes:
        save(folder / name, RNG.integers(0, 256, (height, width), dtype=np.uint8))
    return folder


def copies(folder):
    return {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path))
        for path in sorted(folder.rglob("*.png"))
        if path.relative_to(folder).parts[0] != "masks"
    }


def contents(folder):
    """Every file's bytes; the lines of the journal in order, as threads may write them in any."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return found | {JOURNAL: sorted(found[JOURNAL].splitlines())}

"""A data set of three classes; and the tests of this folder may import `trainings`, whatever pytest's import mode."""

import pathlib
import sys

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parent))


@pytest.fixture(scope="session")
def three_classes(tmp_path_factory):
    """Class folders BACTERIA, NORMAL, VIRUS of noise about a gray level of their own; eight patients of two films."""
    folder = tmp_path_factory.mktemp("three_classes")
    rng = np.random.default_rng(0)
    for number, name in enumerate(("VIRUS", "NORMAL", "BACTERIA")):
        (folder / name).mkdir()
        for film in range(16):
            pixels = rng.normal(60 + 60 * number, 20, (32, 32)).clip(0, 255).astype("uint8")
            Image.fromarray(pixels).save(folder / name / f"person{number}{film // 2}_{film % 2}.png")
    return folder

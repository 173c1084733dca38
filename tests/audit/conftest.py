import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def films(phantom):
    """One film of each known patient of the phantom by name, (128, 128) uint8.

    Those of one patient are more alike than real ones: the same anatomy is drawn.
    """
    paths = sorted((phantom / "known_images").rglob("*_01.png"))
    return {path.stem: cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in paths}


@pytest.fixture(scope="session")
def thumbnails(films):
    """``thumbnails([film, …])`` gives (films, 64, 64) as an audit makes them."""

    def make(some):
        whole = [cv2.resize(film, (256, 256), interpolation=cv2.INTER_LINEAR) for film in some]
        return np.stack([cv2.resize(film, (64, 64), interpolation=cv2.INTER_AREA) for film in whole])

    return make

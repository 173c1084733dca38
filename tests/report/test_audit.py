"""The pictures of an audit are written with what they were given; how they look is judged by eye."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_cxr.report.audit import Pair, duplicates_figure, gray_levels_figure, sizes_figure

pytestmark = pytest.mark.filterwarnings("error")


def test_gray_levels_and_sizes(tmp_path):
    rng = np.random.default_rng(0)
    gray_levels_figure({f"class {n}": rng.dirichlet(np.ones(64)) for n in range(3)}, tmp_path / "gray.png")
    size = pd.Series(rng.integers(500, 600, 300))
    sizes_figure(size, size + 100, pd.Series(rng.choice(["a", "b"], 300)), tmp_path / "sizes.png")
    for name in ("gray", "sizes"):
        assert image.imread(tmp_path / f"{name}.png").shape[1] > 800
        assert "<svg" in (tmp_path / f"{name}.svg").read_text()


@pytest.mark.parametrize("pairs", [1, 6])
def test_duplicates(tmp_path, pairs):
    film = np.full((64, 64), 100, np.uint8)
    pair = Pair((film, film), ("a/long name of a film that is shortened.png", "b.png"), ("A", "B"), "near", 0.97)
    duplicates_figure([pair] * pairs, 40, tmp_path / "pairs.png")
    assert image.imread(tmp_path / "pairs.png").shape[1] > 400

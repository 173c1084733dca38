"""The pictures of embeddings are written with what they were given; how they look is judged by eye."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from keras_cxr.report.embedding import embedding_figure
from keras_cxr.report.similar import SimilarFilm, similar_figure

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("groups", [1, 3])
def test_map(tmp_path, groups):
    rng = np.random.default_rng(0)
    names = pd.Series(rng.choice(["", *(f"class {number}" for number in range(16))], 300))
    embedding_figure(
        rng.normal(size=(300, 2)), {f"by {n}": names for n in range(groups)}, tmp_path / "map.png", "Title"
    )
    assert image.imread(tmp_path / "map.png").shape[1] > 600
    svg = (tmp_path / "map.svg").read_text()
    # Text is drawn, points are one picture a group: the file stays small.
    assert "<svg" in svg
    assert len(svg) < 3e6


@pytest.mark.parametrize("others", [1, 8, 11])
def test_similar(tmp_path, others):
    film = SimilarFilm(np.full((40, 60), 100, np.uint8), "a long name of a film that is shortened.png", "NORMAL", 0.5)
    similar_figure([film] * (others + 1), tmp_path / "similar.png")
    assert image.imread(tmp_path / "similar.png").shape[1] > 500

import numpy as np
from PIL import Image

from keras_cxr.data.pixel_facts import pixel_facts
from keras_cxr.evaluation.pixel_statistics import NAMES, pixel_statistics


def test_facts_of_films_and_of_what_is_none(tmp_path):
    film = np.random.default_rng(0).integers(0, 256, (224, 224), dtype=np.uint8)
    Image.fromarray(film).save(tmp_path / "a.png")
    Image.fromarray(np.full((100, 300), 90, np.uint8)).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"no film")
    counted = []
    facts = pixel_facts([str(tmp_path / f"{name}.png") for name in "abc"], counted.append)
    assert list(facts.columns) == ["width", "height", "aspect", *NAMES]
    np.testing.assert_allclose(facts.loc[0], [224, 224, 1, *pixel_statistics(film)])
    assert facts.loc[1, ["width", "height", "aspect", "mean", "contrast"]].tolist() == [300, 100, 3, 90, 0]
    assert facts.loc[2].isna().all()
    assert counted == [1, 1, 1]


def test_no_film(tmp_path):
    assert pixel_facts([]).shape == (0, 3 + len(NAMES))

import numpy as np
import pandas as pd

from keras_cxr.audit.early import early_notes


def table(ill_width, well_width, films=60):
    rng = np.random.default_rng(0)
    ill = np.arange(films) % 2 == 0
    width = np.where(ill, ill_width, well_width) + rng.integers(0, 100, films)
    label = np.where(ill, "ILL", "WELL")
    return pd.DataFrame({"label": label, "width": width, "height": 1000, "sha256": [str(n) for n in range(films)]})


def test_a_good_data_set_gets_no_note():
    assert early_notes(table(1000, 1000)) == []
    assert early_notes(table(1000, 1000).assign(width=224, height=224)) == []


def test_sizes_that_tell_the_class():
    (note,) = early_notes(table(500, 1500))
    assert "almost surely be told from its width alone: AUROC 1.00" in note


def test_identical_films_under_two_labels():
    films = table(1000, 1000)
    films.loc[[0, 1], "sha256"] = "same"
    films.loc[[2, 4], "sha256"] = "one label"
    (note,) = early_notes(films)
    assert note.startswith("1 byte-identical film has different labels")

"""What the maps of embeddings are coloured by."""

import numpy as np
import pandas as pd
import pytest

from keras_cxr.prediction.embedding import figures
from keras_cxr.prediction.embedding.embed import COLUMNS, Embeddings

FILMS = [
    ("a", "1", "SICK", "p1", "train", "SICK", ""),
    ("a", "2", "SICK", "p1", "train", "NORMAL", ""),
    ("a", "3", "NORMAL", "p2", "test", "NORMAL", ""),
    ("a", "4", "NORMAL", "", "test", "NORMAL", ""),
    ("a", "5", "NORMAL", "", "test", "NORMAL", ""),
    ("b", "1", "NORMAL", "p1", "test", "SICK", ""),
    ("b", "2", "", "", "", "SICK", ""),
    ("b", "3", "SICK", "p2", "test", "", "unreadable"),
]


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """``drawn(rows)`` gives the groups of each figure by file name."""
    found = {}
    monkeypatch.setattr(
        figures, "embedding_figure", lambda points, groups, path, *words: found.update({path.name: groups})
    )

    def run(rows):
        films = pd.DataFrame(rows, columns=COLUMNS)
        vectors = np.random.default_rng(0).normal(size=(len(films), 4)).astype("float32")
        vectors[films["error"] != ""] = np.nan
        figures.embedding_figures(Embeddings(films, vectors, "pooled", []), ["NORMAL", "SICK"], tmp_path)
        return {name: {title: list(group) for title, group in groups.items()} for name, groups in found.items()}

    return run


def test_by_class_data_set_split_patient_and_error(drawn):
    groups = drawn(FILMS)["pca.png"]
    assert groups["Class"] == ["SICK", "SICK", "NORMAL", "NORMAL", "NORMAL", "NORMAL", ""]
    assert groups["Data set"] == ["a"] * 5 + ["b"] * 2
    assert groups["Split"] == ["train"] * 2 + ["test"] * 4 + [""]
    # A patient of the same name elsewhere is another; one with a single film shows nothing.
    assert groups["Patient (those with most films)"] == ["a/p1", "a/p1", "", "", "", "", ""]
    assert groups["The model's own label"] == ["right", "wrong", "right", "right", "right", "wrong", ""]
    assert drawn(FILMS)["tsne.png"].keys() == groups.keys()


def test_one_data_set_of_patients_with_one_film_each(drawn):
    rows = [("a", str(film), "SICK", f"p{film}", "test", "SICK", "") for film in range(6)]
    assert list(drawn(rows)["pca.png"]) == ["Class", "The model's own label"]

"""A film that a model has seen is known again by its content, whatever it is called and wherever it lies."""

import pathlib
import shutil

import pandas as pd
import pytest

from keras_cxr.data.source import read_dataset
from keras_cxr.errors import CxrError
from keras_cxr.models.saved_model import SavedModel
from keras_cxr.prediction.own_films import films_to_score


@pytest.fixture(scope="module")
def splits(tiny_model):
    """``splits.csv`` of the tiny model by film."""
    return pd.read_csv(tiny_model.folder / "splits.csv", dtype=str).set_index("image")


def copied(phantom, splits, folder, names):
    """Copy films into class folders under names that tell nothing."""
    for number, name in enumerate(names):
        target = folder / splits.loc[name, "label"] / f"film{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(phantom / name, target)
    return read_dataset(folder)


def images(films, root):
    return {pathlib.Path(path).relative_to(root).as_posix() for path in films["path"]}


@pytest.mark.parametrize("split", [None, "train", "val", "test"])
def test_own_splits_of_the_training_data(tiny_model, phantom, splits, split):
    films, notes = films_to_score(tiny_model, read_dataset(phantom), split)
    assert images(films, phantom) == set(splits.index[splits["split"] == (split or "test")])
    assert f"its {split or 'test'} split is scored" in notes[0]


def test_all_of_the_training_data(tiny_model, phantom, splits):
    films, _ = films_to_score(tiny_model, read_dataset(phantom), "all")
    assert images(films, phantom) == set(splits.index)


def test_renamed_and_moved(tiny_model, phantom, splits, tmp_path):
    dataset = copied(phantom, splits, tmp_path, splits.index)
    films, _ = films_to_score(tiny_model, dataset)
    test = splits[splits["split"] == "test"]
    assert films["label"].value_counts().to_dict() == test["label"].value_counts().to_dict()
    bytes_of = {(phantom / name).read_bytes() for name in test.index}
    assert {pathlib.Path(path).read_bytes() for path in films["path"]} == bytes_of


def test_training_films_alone(tiny_model, phantom, splits, tmp_path):
    dataset = copied(phantom, splits, tmp_path, splits.index[splits["split"] == "train"])
    with pytest.raises(CxrError, match=r"No film .* is in the test split \(there: train\). Try --split all."):
        films_to_score(tiny_model, dataset)
    assert len(films_to_score(tiny_model, dataset, "all")[0]) == len(dataset.table)


@pytest.fixture
def other(tiny_model, phantom, splits, tmp_path, write_films):
    """Another data set: 12 films of its own, and two of each split of the tiny model's data."""
    for label in ("NORMAL", "PNEUMONIA"):
        write_films(tmp_path / label, [f"own{number}.png" for number in range(6)], seed=len(label))
    borrowed = [name for split in ("train", "val", "test") for name in splits.index[splits["split"] == split][:2]]
    return copied(phantom, splits, tmp_path, borrowed)


def test_of_another_set_what_was_trained_on_is_left_out(tiny_model, other):
    films, notes = films_to_score(tiny_model, other)
    assert len(films) == 12 + 2
    assert notes == [f"4 films of {other.root.name} are left out: tiny was trained on them."]


def test_split_of_another_set(tiny_model, other):
    other.table["split"] = "test"
    other.table.loc[other.table["path"].str.contains("film"), "split"] = "train"
    films, notes = films_to_score(tiny_model, other, "test")
    assert (len(films), notes) == (12, [])
    with pytest.raises(CxrError, match="val split"):
        films_to_score(tiny_model, other, "val")


def test_a_film_in_two_splits_counts_as_trained_on(tiny_model, phantom, splits, tmp_path):
    (tmp_path / "model").mkdir()
    table = splits.reset_index()
    first_of_test = table[table["split"] == "test"].iloc[[0]]
    pd.concat([table, first_of_test.assign(split="train")]).to_csv(tmp_path / "model" / "splits.csv", index=False)
    films, _ = films_to_score(SavedModel(tmp_path / "model", tiny_model.card), read_dataset(phantom))
    assert images(films, phantom) == set(splits.index[splits["split"] == "test"]) - {first_of_test["image"].item()}


def test_unreadable_film_is_no_known_one(tiny_model, other):
    (other.root / "NORMAL" / "own0.png").unlink()
    assert len(films_to_score(tiny_model, other)[0]) == 14


def test_without_splits_nothing_is_known(tiny_model, phantom, tmp_path):
    dataset = read_dataset(phantom)
    films, notes = films_to_score(SavedModel(tmp_path, tiny_model.card), dataset)
    assert len(films) == len(dataset.table)
    assert "cannot be told" in notes[0]

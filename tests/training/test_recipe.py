"""Recipes as YAML: what is written is read again, and what cannot be meant is told in one line."""

import dataclasses

import pytest
import yaml

from keras_cxr.errors import CxrError, UsageError
from keras_cxr.training.recipe import Recipe, differences
from keras_cxr.training.recipe_file import read_recipe, write_recipe

UNUSUAL = Recipe(
    architecture="lmap3",
    weights="Gewichte/ä ö.weights.h5",
    features_from="conv4_block6_out",
    channels=1,
    dropout=0.0,
    fit="squeeze",
    learning_rate=1e-7,
    flip=False,
    split=(60.0, 20.0, 20.0),
    positive="yes",
    permute_labels=True,
    seed=7,
)


@pytest.mark.parametrize("recipe", [Recipe(), UNUSUAL])
def test_round_trip(tmp_path, recipe):
    write_recipe(tmp_path / "recipe.yaml", recipe)
    assert read_recipe(tmp_path / "recipe.yaml") == recipe
    content = yaml.safe_load((tmp_path / "recipe.yaml").read_text(encoding="utf-8"))
    assert list(content) == [field.name for field in dataclasses.fields(Recipe)]


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("architecture: lenet5", {"architecture": "lenet5"}),
        ("learning_rate: 1e-5", {"learning_rate": 1e-5}),
        ("learning_rate: 1", {"learning_rate": 1.0}),
        ("split: [80, 10, 10]", {"split": (80.0, 10.0, 10.0)}),
        ("weights: none\nclass_weights: none", {"weights": "none", "class_weights": "none"}),
        ("flip: no\nunfreeze: null\nchannels: 3", {"flip": False, "channels": 3}),
        ("{}", {}),
        ("about: {title: An experiment}\nepochs: 3", {"epochs": 3}),
    ],
)
def test_written_by_hand(tmp_path, text, changes):
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    recipe = read_recipe(tmp_path / "recipe.yaml")
    assert recipe == dataclasses.replace(Recipe(), **changes)
    assert all(type(getattr(recipe, name)) is type(value) for name, value in changes.items())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epoch: 3", "Did you mean 'epochs'?"),
        ("learningrate: 3", "Did you mean 'learning_rate'?"),
        ("3: 4", "Unknown key in recipe.yaml '3'."),
        ("epochs: many", "'epochs' in recipe.yaml must be a whole number. Received: 'many'."),
        ("epochs: 2.5", "must be a whole number. Received: 2.5."),
        ("epochs: true", "must be a whole number. Received: True."),
        ("batch_size: null", "must be a whole number. Received: None."),
        ("channels: all", "must be a whole number or null. Received: 'all'."),
        ("learning_rate: low", "must be a number. Received: 'low'."),
        ("zoom: no", "must be a number. Received: False."),
        ("flip: 1", "must be true or false. Received: 1."),
        ("positive: no", "must be text or null. Received: False."),
        ("fit: crop", "must be one of pad, squeeze. Received: 'crop'."),
        ("class_weights: Balanced", "must be one of balanced, none, positive. Received: 'Balanced'."),
        ("split_by: [patient]", "must be one of patient, image. Received: ['patient']."),
        ("split: 70/15/15", "must be a list of 3 numbers. Received: '70/15/15'."),
        ("split: [70, 30]", "must be a list of 3 numbers. Received: [70, 30]."),
        ("split: [a, b, c]", "must be a list of 3 numbers."),
        ("epochs: 0", "The 'epochs' setting (--epochs) must be 1 or more. Received: 0."),
        ("learning_rate: 0", "must be above 0. Received: 0.0."),
        ("dropout: 1", "must be 0 or more and below 1. Received: 1.0."),
        ("mixup: .nan", "must be 0 or more. Received: nan."),
        ("rotation: 200", "(--rotation) must be 0 or more and at most 180. Received: 200.0."),
        ("split: [100, 0, 0]", "(--split) must be positive shares of train and val"),
        ("", "must be a mapping of settings. Received: NoneType."),
        ("- epochs: 3", "must be a mapping of settings. Received: list."),
    ],
)
def test_what_cannot_be_meant(tmp_path, text, told):
    (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as fault:
        read_recipe(tmp_path / "recipe.yaml")
    assert told in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize("content", [b"{", b"a: b: c", b"\xff\xfe", b"\x00", b"epochs: !!python/object:os.system 3"])
def test_no_yaml(tmp_path, content):
    (tmp_path / "recipe.yaml").write_bytes(content)
    with pytest.raises(CxrError, match="cannot be read as YAML") as fault:
        read_recipe(tmp_path / "recipe.yaml")
    assert "\n" not in str(fault.value)


def test_no_file(tmp_path):
    with pytest.raises(CxrError, match="does not exist"):
        read_recipe(tmp_path / "recipe.yaml")


def test_differences():
    assert differences(Recipe(), Recipe()) == []
    assert differences(Recipe(), Recipe(seed=3, fit="squeeze")) == ["fit: pad → squeeze", "seed: 0 → 3"]


def test_fractions():
    assert Recipe(split=(2.0, 1.0, 1.0)).fractions == (0.5, 0.25, 0.25)

"""The published experiments that are installed with the package."""

import dataclasses

import pytest
from click.testing import CliRunner

from keras_cxr.cli.recipes import recipes
from keras_cxr.data.layouts import LAYOUTS
from keras_cxr.errors import CxrError, UsageError
from keras_cxr.models.registry import find
from keras_cxr.training.published import find_recipe, published
from keras_cxr.training.recipe_file import read_recipe

NAMES = list(published())


@pytest.mark.parametrize("name", NAMES)
def test_names_what_exists(name):
    recipe, about = find_recipe(name), published()[name]
    assert recipe.layout in LAYOUTS
    assert find(recipe.architecture).name == recipe.architecture
    assert all(dataclasses.astuple(about))


def test_every_report_has_its_recipe():
    assert NAMES == [
        "chest-opacities-resnet50",
        "covid-radiography-alexnet",
        "covid-radiography-lenet5",
        "covid-radiography-lmap3",
        "covid-radiography-lmap3-lungs",
        "covid-radiography-lmap3-plain",
        "covid-radiography-vgg19",
        "kermany-cnn",
        "kermany-resnet34",
        "kermany-vgg",
        "rsna-resnet18",
    ]


def test_list_and_one(tmp_path):
    listed = CliRunner().invoke(recipes, [], env={"COLUMNS": "240"}).output
    assert all(name in listed for name in NAMES)
    assert "0.8328" in listed
    shown = CliRunner().invoke(recipes, ["kermany-resnet34"]).output
    assert "# reported: test accuracy 0.8328" in shown
    (tmp_path / "own.yaml").write_text(shown, encoding="utf-8")
    assert (
        read_recipe(tmp_path / "own.yaml") == find_recipe("kermany-resnet34") == find_recipe(str(tmp_path / "own.yaml"))
    )


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("kermany-resnet43", UsageError, "Unknown recipe 'kermany-resnet43'. Did you mean 'kermany-resnet34'?"),
        ("none.yaml", CxrError, "'none.yaml' does not exist"),
    ],
)
def test_unknown(name, error, told):
    with pytest.raises(error, match=told):
        find_recipe(name)

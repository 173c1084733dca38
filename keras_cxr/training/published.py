"""The published experiments: recipes that are installed with the package, and what was reported of each."""

import dataclasses
import pathlib

from keras_cxr.errors import UsageError, unknown_name
from keras_cxr.training.recipe import Recipe
from keras_cxr.training.recipe_file import ABOUT, read_mapping, read_recipe

FOLDER = pathlib.Path(__file__).parent.parent / "recipes"


@dataclasses.dataclass(frozen=True)
class About:
    """What stands above a published experiment's settings.

    Attributes:
        title: The experiment in one line.
        source: Whose, and where it was described.
        data: The data set, and how to lay it out.
        reported: The scores that were reported, '–' where there are none.
    """

    title: str
    source: str
    data: str
    reported: str


def published() -> dict[str, About]:
    """Every published experiment by name, sorted."""
    files = sorted(FOLDER.glob("*.yaml"), key=lambda file: file.stem)
    return {file.stem: About(**read_mapping(file)[ABOUT]) for file in files}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name, or in that YAML file.

    Raises:
        UsageError: Neither; with the nearest name.
        CxrError: The file cannot be read.
    """
    if name.endswith((".yaml", ".yml")):
        return read_recipe(pathlib.Path(name))
    known = [file.stem for file in FOLDER.glob("*.yaml")]
    if name not in known:
        if pathlib.Path(name).exists():
            raise UsageError(f"The '--recipe' option must be a name or a .yaml file. Received: {name}.")
        raise unknown_name("recipe", name, known)
    return read_recipe(FOLDER / f"{name}.yaml")
